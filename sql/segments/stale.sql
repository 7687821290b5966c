-- No email and no meeting for more than 60 days, after there were both
-- One row per account. DaysSinceLastEmail and DaysSinceLastMeeting are null if there never was an email or a
-- meeting, so an account that was never contacted, or never met, is not in the segment.
select CustomerId
from Office
where AggregationLevel = 'year'
  and DaysSinceLastEmail > 60
  and DaysSinceLastMeeting > 60
