-- Replies by the account: one row per account and message that answers. A message in several
-- conversations counts once, with its shortest time; it belongs to the day on which it was sent.
with conversation as (
  select
    account_no,
    message_key,
    sent_at,
    to_account,
    from_account,
    unnest(conversations) as conversation_key
  from message_account
),
reply as (
  select
    account_no,
    unnest(reply_times(sent_at, message_key, to_account, from_account, $reply_limit_micros)) as reply
  from conversation
  group by account_no, conversation_key
)
select
  account_no,
  reply['message_key'] as message_key,
  local_date(min(reply['sent_at']), $time_zone) as replied_on,
  min(reply['reply_micros']) as reply_micros
from reply
group by account_no, reply['message_key']
