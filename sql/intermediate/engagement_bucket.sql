-- What accounts are credited with, dealt out: one row per bucket of accounts. engagements holds the
-- engaged messages and meetings of its accounts; messages and meetings count those whose first row
-- is here, so that they add up to all. The rows one by one: message_account and meeting_account.
select
  bucket,
  cast(sum(messages) as bigint) as messages,
  cast(sum(meetings) as bigint) as meetings,
  merge_logs(engagements) as engagements
from (
  select part['bucket'] as bucket, part['first_rows'] as messages, 0 as meetings, part['engagements'] as engagements
  from (
    select unnest(message_engagements(address_book.book, copies, $time_zone)) as part
    from address_book
    cross join mail_bucket
  ) as dealt
  union all
  select part['bucket'], 0, part['first_rows'], part['engagements']
  from (
    select unnest(meeting_engagements(address_book.book, copies, $time_zone)) as part
    from address_book
    cross join meeting_bucket
  ) as dealt
) as engagement
group by bucket
