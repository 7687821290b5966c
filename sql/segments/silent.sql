-- No engaged message or meeting in the whole window
-- One row per account. An account whose numbers are suppressed is engaged. It has a null score, so it is not
-- in the segment.
select CustomerId
from Office
where AggregationLevel = 'year'
  and EngagementStartDate is null
  and EngagementScore is not null
