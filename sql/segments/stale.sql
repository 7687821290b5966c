-- More than 60 days since the last email and since the last meeting
-- One row per account. DaysSinceLastEmail and DaysSinceLastMeeting are null if there never was an email or a
-- meeting, so an account that was never contacted, or never met, is not in the segment.
-- Nothing is asked of a source that the enrichment does not have: without meetings, for example, the emails alone
-- decide.
select CustomerId
from Office
where AggregationLevel = 'year'
  and (DaysSinceLastEmail > 60 or not $has_mail)
  and (DaysSinceLastMeeting > 60 or not $has_meetings)
