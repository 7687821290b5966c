-- Mail to the account in the window, but none from it
-- One row per account.
select CustomerId
from Office
where AggregationLevel = 'year'
  and NoOfEmails_ToAccount > 0
  and NoOfEmails_FromAccount = 0
