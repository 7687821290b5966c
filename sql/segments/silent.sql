-- No engaged message or meeting in the whole window
select CustomerId
from Office
where AggregationLevel = 'year'
  and EngagementStartDate is null
