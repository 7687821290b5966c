-- All meetings, dealt out: one row per disposition and bucket of meetings, and one per disposition
-- for the rows that take no part (bucket is null). copies holds the relevant copies of the bucket's
-- meetings; rows counts rows of the input, used_days are the days of those used.
select
  disposition,
  bucket(meeting_key, is_relevant) as bucket,
  count(*) as rows,
  set_union(held_on) filter (where is_used) as used_days,
  meeting_copies(meeting_key, start_at, end_at, is_cancelled, organizers, attendees, declined)
    filter (where is_relevant) as copies
from meeting_copy
group by disposition, bucket(meeting_key, is_relevant)
