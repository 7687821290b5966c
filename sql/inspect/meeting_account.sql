-- One row per account and engaged meeting: a meeting in which at least one internal person and at least one
-- person of the account take part. start_at is UTC, held_on is its day in $time_zone, duration_micros is in
-- microseconds.
-- to_account: an internal person is an organizer. from_account: a person of the account is an organizer.
-- Neither is true if only a third party organizes it. internal_people and account_people are sorted lists of
-- person numbers of the address book. is_first is true in exactly one row of each meeting,
-- is_only if no other account is engaged in it.
-- For inspection: no run computes this view. credit_meetings() computes the same engagements per bucket.
select
  meeting['account_no'] as account_no,
  meeting['meeting_key'] as meeting_key,
  meeting['start_at'] as start_at,
  local_date(meeting['start_at'], $time_zone) as held_on,
  meeting['duration_micros'] as duration_micros,
  meeting['to_account'] as to_account,
  meeting['from_account'] as from_account,
  meeting['internal_people'] as internal_people,
  meeting['account_people'] as account_people,
  meeting['is_first'] as is_first,
  meeting['is_only'] as is_only
from (
  select unnest(list_engaged_meetings(address_book.book, copies)) as meeting
  from address_book
  cross join meeting_bucket
) as engaged
