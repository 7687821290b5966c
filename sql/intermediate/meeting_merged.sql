-- Copies merged: one row per meeting (meeting_key, start_at) and, without a key, one per
-- disposition for all rows that take no part. copies counts rows of the input; used_days are the
-- days of those used.
select
  meeting_key,
  start_at,
  disposition,
  count(*) as copies,
  max(end_at) as end_at,
  bool_or(is_cancelled) as is_cancelled,
  set_union(held_on) filter (where disposition = 'used') as used_days,
  set_union(organizers) as organizers,
  set_union(attendees) as attendees,
  set_union(declined) as declined
from meeting_copy
group by meeting_key, start_at, disposition
