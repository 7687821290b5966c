-- One row per bucket of accounts with engagement. engagements is one packed buffer with the engaged messages
-- and meetings of the bucket's accounts. messages and meetings count those whose first account is in this
-- bucket, so their sums over all buckets count each message and meeting once.
-- Engagements are hash-partitioned by account, so that one function call processes the buffer of a bucket.
-- Views message_account and meeting_account list them as rows.
select
  bucket,
  cast(sum(messages) as bigint) as messages,
  cast(sum(meetings) as bigint) as meetings,
  merge_buffers(engagements) as engagements
from (
  select part['bucket'] as bucket, part['first_rows'] as messages, 0 as meetings, part['engagements'] as engagements
  from (
    select unnest(credit_messages(address_book.book, copies, $time_zone)) as part
    from address_book
    cross join mail_bucket
  ) as credited
  union all
  select part['bucket'], 0, part['first_rows'], part['engagements']
  from (
    select unnest(credit_meetings(address_book.book, copies, $time_zone)) as part
    from address_book
    cross join meeting_bucket
  ) as credited
) as engagement
group by bucket
