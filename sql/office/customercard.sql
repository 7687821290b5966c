-- The customer card: one row per account of the profile, over the whole window. EngagementScore, Emails and
-- Meetings are null if the account is suppressed.
select
  scored."CustomerId",
  profile.name as "Name",
  scored."EngagementScore",
  scored."NoOfEmails_ToAccount" + scored."NoOfEmails_FromAccount" as "Emails",
  scored."NoOfMeetings_ToAccount" + scored."NoOfMeetings_FromAccount" as "Meetings"
from office_scored as scored
join profile on profile.account_id = scored."CustomerId"
where scored."AggregationLevel" = 'year'
