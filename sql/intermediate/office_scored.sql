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
    case
      when is_engaged then numbers(
        case when "NoOfEmails_ToAccount" > 0 then standing(emails_to, "NoOfEmails_ToAccount") else 0 end,
        case when "NoOfEmails_FromAccount" > 0 then standing(emails_from, "NoOfEmails_FromAccount") else 0 end,
        case when "NoOfMeetings_FromAccount" > 0 then standing(meetings_from, "NoOfMeetings_FromAccount") else 0 end,
        case when "NoOfMeetings_ToAccount" > 0 then standing(meetings_to, "NoOfMeetings_ToAccount") else 0 end,
        case when "NoOfContactsInvolved_Meetings" > 0 then standing(our_meeting_people, "NoOfContactsInvolved_Meetings") else 0 end,
        case when "NoOfContactsInvolved_Emails" > 0 then standing(our_email_people, "NoOfContactsInvolved_Emails") else 0 end,
        case when "NoOfAccountContactsInvolved_Meetings" > 0
          then standing(account_meeting_people, "NoOfAccountContactsInvolved_Meetings") else 0 end,
        case when "NoOfAccountContactsInvolved_Emails" > 0
          then standing(account_email_people, "NoOfAccountContactsInvolved_Emails") else 0 end,
        standing(standing.recency, -measure.recency)
      )
      else numbers(0, 0, 0, 0, 0, 0, 0, 0, 0)
    end as standings
  -- The few come first: the engine holds what stands on the left, and lets the rest pass by.
  from period_standing as standing
  right join office_disclosed as measure
    on standing."AggregationLevel" = measure."AggregationLevel"
    and standing."AggregationStartDate" = measure."AggregationStartDate"
) as scored
