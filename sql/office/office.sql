-- The result: one row per account, level and period. Averages are minutes; dates are local days in
-- $time_zone.
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
  "AggregationLevel"
from office_sorted
