-- The pivot: one row per account and local day with engagement. Every column can be merged: counts
-- and sums add up, sets of people (binary state) unite. Week, month and year are merges of it.
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
  people_state(address_book.book, day['our_email_people']) as our_email_people,
  people_state(address_book.book, day['account_email_people']) as account_email_people,
  people_state(address_book.book, day['our_meeting_people']) as our_meeting_people,
  people_state(address_book.book, day['account_meeting_people']) as account_meeting_people
from address_book
cross join (select unnest(days) as day from account_bucket) as account_day
