-- The rows of Office, with the place of each in its order (see office_measure).
select
  "CustomerId",
  "EngagementScore",
  "NoOfEmails_ToAccount",
  "NoOfEmails_FromAccount",
  "NoOfMeetings_FromAccount",
  "NoOfMeetings_ToAccount",
  "NoOfContactsInvolved_Meetings",
  "NoOfContactsInvolved_Emails",
  "NoOfAccountContactsInvolved_Meetings",
  "NoOfAccountContactsInvolved_Emails",
  "EngagementStartDate",
  "DaysSinceLastEmail",
  "DaysSinceLastMeeting",
  "AverageDuration_Of_Meetings",
  "AverageDuration_Of_AccountEmailReplies",
  "AggregationStartDate",
  "AggregationLevel",
  place
from office_scored
where array_has($levels, "AggregationLevel")
