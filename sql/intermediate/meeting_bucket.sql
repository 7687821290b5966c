-- All meetings, dealt out: one row per bucket of meetings, and one for the rows that take no part (bucket
-- is null). copies holds the relevant copies of the bucket's meetings; dispositions counts rows of the
-- input, used_days are the days of those used.
select
  bucket(meeting_key, is_relevant) as bucket,
  value_counts(disposition) as dispositions,
  set_union(held_on) filter (where is_used) as used_days,
  meeting_copies(meeting_key, start_at, end_at, is_cancelled, organizers, attendees, declined)
    filter (where is_relevant) as copies
from meeting_copy
group by bucket(meeting_key, is_relevant)
