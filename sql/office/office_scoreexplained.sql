-- Why a score is what it is: one row per row of Office and measure. Standing is the share of engaged
-- accounts that are no better, 0 where the account is not engaged; the score is the sum of Standing
-- times Weight. Value and Standing are null where the numbers are suppressed.
select
  "CustomerId",
  "AggregationLevel",
  "AggregationStartDate",
  measure as "Measure",
  -- Of recency, measures holds the value by which more is better.
  case when measure = 'recency' then -1 - value else value end as "Value",
  case
    when is_engaged then cast(standing as double) / cast(accounts as double)
    when not is_suppressed then 0.0
  end as "Standing",
  weight as "Weight"
from (
  select
    "CustomerId",
    "AggregationLevel",
    "AggregationStartDate",
    is_engaged,
    is_suppressed,
    accounts,
    unnest(cast($measures as varchar[])) as measure,
    unnest(measures) as value,
    unnest(standings) as standing,
    unnest(cast($weights as bigint[])) as weight
  from office_scored
  where array_has($levels, "AggregationLevel")
) as explained
