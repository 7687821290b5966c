-- No engaged message or meeting in the whole window
-- Where the numbers of an account are withheld, it has no score: it is engaged.
select CustomerId
from Office
where AggregationLevel = 'year'
  and EngagementStartDate is null
  and EngagementScore is not null
