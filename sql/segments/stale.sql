-- No email and no meeting for more than 60 days, after there were both
-- DaysSinceLastEmail and DaysSinceLastMeeting are null where there never was any: an account that
-- was never contacted, or never met, is not in it.
select CustomerId
from Office
where AggregationLevel = 'year'
  and DaysSinceLastEmail > 60
  and DaysSinceLastMeeting > 60
