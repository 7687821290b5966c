-- At most one person of the account in all mail, and at most one in all meetings (these can be two people)
-- One row per account. Office counts people separately for mail and for meetings, so an account with one
-- person in its mail and another in its meetings is in the segment. An account without any engagement is not.
select CustomerId
from Office
where AggregationLevel = 'year'
  and greatest(NoOfAccountContactsInvolved_Emails, NoOfAccountContactsInvolved_Meetings) = 1
