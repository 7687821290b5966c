-- Engaged messages: one row per account and message that went to or came from it.
-- to the account: one of ours sent it and one of the account's received it; from: the other way.
-- our_people and account_people are the people of both sides in it, sets as binary state.
with message as (
  select
    message_key,
    sent_at,
    conversations,
    unnest(account_sides(address_book.book, senders, recipients)) as side
  from address_book
  cross join mail_merged
  where message_key is not null
)
select
  account_no,
  message_key,
  sent_at,
  local_date(sent_at, $time_zone) as sent_on,
  conversations,
  to_account,
  from_account,
  our_people,
  account_people
from (
  select
    side['account_no'] as account_no,
    message_key,
    sent_at,
    conversations,
    side['ours_sent'] and side['theirs_received'] as to_account,
    side['theirs_sent'] and side['ours_received'] as from_account,
    side['our_people'] as our_people,
    side['account_people'] as account_people
  from message
) as credited
where to_account or from_account
