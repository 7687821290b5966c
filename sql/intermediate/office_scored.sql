-- Office with its standings: one row per Office row. What is withheld has no score.
-- standings are, per measure in the order of Office's columns and recency last, how many engaged
-- accounts are no better (c of the score): for a count, those with at most this value, and 0 for a
-- count of 0; for recency, where fewer days are better, those with at least as many days.
select
  *,
  case
    when is_engaged then engagement_score(standings, $weights, accounts)
    when not is_withheld then 0.0
  end as "EngagementScore"
from (
  select
    measure.*,
    standing.accounts,
    numbers(
      count_standing(emails_to, "NoOfEmails_ToAccount"),
      count_standing(emails_from, "NoOfEmails_FromAccount"),
      count_standing(meetings_from, "NoOfMeetings_FromAccount"),
      count_standing(meetings_to, "NoOfMeetings_ToAccount"),
      count_standing(our_meeting_people, "NoOfContactsInvolved_Meetings"),
      count_standing(our_email_people, "NoOfContactsInvolved_Emails"),
      count_standing(account_meeting_people, "NoOfAccountContactsInvolved_Meetings"),
      count_standing(account_email_people, "NoOfAccountContactsInvolved_Emails"),
      coalesce(standing(standing.recency, -measure.recency), 0)
    ) as standings
  -- The few come first: the engine holds what stands on the left, and lets the rest pass by.
  from period_standing as standing
  right join office_disclosed as measure
    on standing."AggregationLevel" = measure."AggregationLevel"
    and standing."AggregationStartDate" = measure."AggregationStartDate"
) as scored
