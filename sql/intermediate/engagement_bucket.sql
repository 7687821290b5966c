-- What accounts are credited with, dealt out: one row per bucket of accounts. engagements holds the
-- engaged messages and meetings of its accounts; messages and meetings count those whose first row
-- is here, so that they add up to all.
select
  bucket(account_no) as bucket,
  count(*) filter (where is_message) as messages,
  count(*) filter (where is_meeting) as meetings,
  engagements(
    account_no, day, at, to_account, from_account, conversations, our_people, account_people, duration_micros
  ) as engagements
from (
  select
    account_no,
    sent_on as day,
    sent_at as at,
    to_account,
    from_account,
    conversations,
    our_people,
    account_people,
    null as duration_micros,
    is_first as is_message,
    false as is_meeting
  from message_account
  union all
  select account_no, held_on, start_at, to_account, from_account, null, our_people, account_people, duration_micros,
    false, is_first
  from meeting_account
) as engagement
group by bucket(account_no)
