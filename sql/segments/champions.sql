-- An engagement score of 80 or more over the window
-- One row per account.
select CustomerId
from Office
where AggregationLevel = 'year'
  and EngagementScore >= 80
