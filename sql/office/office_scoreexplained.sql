-- Why a score is what it is: one row per Office row and measure. Standing is the share of engaged
-- accounts that are no better, 0 where the account is not engaged; the score is the sum of Standing
-- times Weight. Value and Standing are null where the numbers are withheld.
select
  "CustomerId",
  "AggregationLevel",
  "AggregationStartDate",
  measure['name'] as "Measure",
  measure['value'] as "Value",
  case
    when is_engaged then cast(measure['standing'] as double) / cast(accounts as double)
    when not is_withheld then 0.0
  end as "Standing",
  measure['weight'] as "Weight"
from (
  select
    "CustomerId",
    "AggregationLevel",
    "AggregationStartDate",
    is_engaged,
    is_withheld,
    accounts,
    unnest(make_array(
      named_struct('name', 'NoOfEmails_ToAccount', 'value', "NoOfEmails_ToAccount", 'standing', standings[1], 'weight', $weights[1]),
      named_struct('name', 'NoOfEmails_FromAccount', 'value', "NoOfEmails_FromAccount", 'standing', standings[2], 'weight', $weights[2]),
      named_struct('name', 'NoOfMeetings_FromAccount', 'value', "NoOfMeetings_FromAccount", 'standing', standings[3], 'weight', $weights[3]),
      named_struct('name', 'NoOfMeetings_ToAccount', 'value', "NoOfMeetings_ToAccount", 'standing', standings[4], 'weight', $weights[4]),
      named_struct('name', 'NoOfContactsInvolved_Meetings', 'value', "NoOfContactsInvolved_Meetings", 'standing', standings[5], 'weight', $weights[5]),
      named_struct('name', 'NoOfContactsInvolved_Emails', 'value', "NoOfContactsInvolved_Emails", 'standing', standings[6], 'weight', $weights[6]),
      named_struct('name', 'NoOfAccountContactsInvolved_Meetings', 'value', "NoOfAccountContactsInvolved_Meetings", 'standing', standings[7], 'weight', $weights[7]),
      named_struct('name', 'NoOfAccountContactsInvolved_Emails', 'value', "NoOfAccountContactsInvolved_Emails", 'standing', standings[8], 'weight', $weights[8]),
      named_struct('name', 'recency', 'value', recency, 'standing', standings[9], 'weight', $weights[9])
    )) as measure
  from office_scored
  where array_has($levels, "AggregationLevel")
) as explained
