-- Engaged meetings: one row per account and meeting in which one of ours and one of the account's
-- take part. to the account: one of ours organized it; from the account: one of theirs did.
-- our_people and account_people are the people of both sides in it, as parties of the address book;
-- is_first marks one row of each meeting.
select
  meeting['account_no'] as account_no,
  meeting['meeting_key'] as meeting_key,
  meeting['start_at'] as start_at,
  local_date(meeting['start_at'], $time_zone) as held_on,
  meeting['duration_micros'] as duration_micros,
  meeting['to_account'] as to_account,
  meeting['from_account'] as from_account,
  meeting['our_people'] as our_people,
  meeting['account_people'] as account_people,
  meeting['is_first'] as is_first
from (
  select unnest(engaged_meetings(address_book.book, copies)) as meeting
  from address_book
  cross join meeting_bucket
) as engaged
