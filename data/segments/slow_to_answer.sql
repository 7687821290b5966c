-- Accounts that take more than a day, on average, to answer our mail.
select CustomerId
from Office
where AggregationLevel = 'year'
  and AverageDuration_Of_AccountEmailReplies > 24 * 60  -- minutes
