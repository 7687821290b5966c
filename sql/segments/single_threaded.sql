-- One person on their side in all mail, one in all meetings (these may be two different people)
-- Office counts people by mail and by meetings, so an account with one person in its mail and
-- another in its meetings is in it too; an account without any engagement is not.
select CustomerId
from Office
where AggregationLevel = 'year'
  and greatest(NoOfAccountContactsInvolved_Emails, NoOfAccountContactsInvolved_Meetings) = 1
