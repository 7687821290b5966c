-- What accounts are compared with: one row per level and period, over the accounts engaged in it
-- whose numbers are not withheld.
-- accounts is N of the score; the other columns hold how often each value occurs.
select
  "AggregationLevel",
  "AggregationStartDate",
  count(*) as accounts,
  standings("NoOfEmails_ToAccount") as emails_to,
  standings("NoOfEmails_FromAccount") as emails_from,
  standings("NoOfMeetings_FromAccount") as meetings_from,
  standings("NoOfMeetings_ToAccount") as meetings_to,
  standings("NoOfContactsInvolved_Meetings") as our_meeting_people,
  standings("NoOfContactsInvolved_Emails") as our_email_people,
  standings("NoOfAccountContactsInvolved_Meetings") as account_meeting_people,
  standings("NoOfAccountContactsInvolved_Emails") as account_email_people,
  standings(-recency) as recency
from office_disclosed
where is_engaged
group by "AggregationLevel", "AggregationStartDate"
