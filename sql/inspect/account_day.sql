-- One row per account and local day (in $time_zone) with engagement. emails counts engaged messages,
-- emails_to those to the account, emails_from those from the account; meetings likewise. replies counts
-- replies by the account.
-- meeting_micros and reply_micros are in microseconds.
-- For inspection: no run computes this view. Every column can be merged: counts and sums are added, sets of
-- people are united. The sets are binary states as in distinct_people_state(). They hold hashes, so they stay
-- valid without the address book.
select
  day['account_no'] as account_no,
  day['day'] as day,
  day['emails'] as emails,
  day['emails_to'] as emails_to,
  day['emails_from'] as emails_from,
  day['meetings'] as meetings,
  day['meetings_to'] as meetings_to,
  day['meetings_from'] as meetings_from,
  day['meeting_micros'] as meeting_micros,
  day['replies'] as replies,
  day['reply_micros'] as reply_micros,
  person_keys(address_book.book, day['internal_email_people']) as internal_email_people,
  person_keys(address_book.book, day['account_email_people']) as account_email_people,
  person_keys(address_book.book, day['internal_meeting_people']) as internal_meeting_people,
  person_keys(address_book.book, day['account_meeting_people']) as account_meeting_people
from address_book
cross join (select unnest(days) as day from account_days) as account_day
-- If $min_people is 1, no copy outside of the window is merged.
where $min_people = 1
  or day['day'] between cast($first_day as date) and cast($as_of as date)
