-- Engaged meetings: one row per account and meeting in which one of ours and one of the account's
-- take part. to the account: one of ours organized it; from the account: one of theirs did.
-- Who declined in any copy is no attendee, but an organizer stays.
with meeting as (
  select
    meeting_key,
    start_at,
    end_at,
    unnest(
      account_sides(address_book.book, organizers, array_except(attendees, declined))
    ) as side
  from address_book
  cross join meeting_merged
  where meeting_key is not null
    and not is_cancelled
)
select
  side['account_no'] as account_no,
  meeting_key,
  start_at,
  local_date(start_at, $time_zone) as held_on,
  cast(cast(end_at as bigint) as decimal(38, 0)) - cast(cast(start_at as bigint) as decimal(38, 0)) as duration_micros,
  side['ours_sent'] as to_account,
  side['theirs_sent'] as from_account,
  side['our_people'] as our_people,
  side['account_people'] as account_people
from meeting
