-- An engagement score of 80 or more over the window
select CustomerId
from Office
where AggregationLevel = 'year'
  and EngagementScore >= 80
