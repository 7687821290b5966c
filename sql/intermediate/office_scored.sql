-- Office with its score: one row per row of Office. What is suppressed has no score.
-- measures are the nine of the score, more is better and 0 is none: the eight counts in the order of
-- Office, and -1 - d for the d days since the last email or meeting, whichever is later. The list is made here and in
-- period_distribution, and not in office_measure: a join copies lists item by item.
-- standings is c of the score, per measure: how many engaged accounts are no better, 0 for a measure
-- that is 0.
select
  *,
  case
    when is_engaged then engagement_score(standings, $weights, accounts)
    when not is_suppressed then 0.0
  end as "EngagementScore"
from (
  select
    * except (counts),
    nonzero_count_at_most(counts, measures) as standings
  from (
    select
      measure.*,
      distribution.accounts,
      distribution.counts,
      int_list(
        "NoOfEmails_ToAccount",
        "NoOfEmails_FromAccount",
        "NoOfMeetings_FromAccount",
        "NoOfMeetings_ToAccount",
        "NoOfContactsInvolved_Meetings",
        "NoOfContactsInvolved_Emails",
        "NoOfAccountContactsInvolved_Meetings",
        "NoOfAccountContactsInvolved_Emails",
        -1 - least("DaysSinceLastEmail", "DaysSinceLastMeeting")
      ) as measures
    -- The small table is on the left: without statistics, the engine builds its hash table from it.
    from period_distribution as distribution
    right join office_measure as measure
      on distribution."AggregationLevel" = measure."AggregationLevel"
      and distribution."AggregationStartDate" = measure."AggregationStartDate"
  ) as compared
) as scored
