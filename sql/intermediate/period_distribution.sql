-- What the accounts of a period are compared with: one row per level and period, over the accounts that
-- are engaged in it and not suppressed.
-- accounts is N of the score; counts holds, per measure (see office_scored), how many accounts have at most each value.
select
  "AggregationLevel",
  "AggregationStartDate",
  count(*) as accounts,
  cumulative_counts(
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
    )
  ) as counts
from office_measure
where is_engaged
group by "AggregationLevel", "AggregationStartDate"
