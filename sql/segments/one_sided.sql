-- We write to them, and nobody there has written to us in the window
select CustomerId
from Office
where AggregationLevel = 'year'
  and NoOfEmails_ToAccount > 0
  and NoOfEmails_FromAccount = 0
