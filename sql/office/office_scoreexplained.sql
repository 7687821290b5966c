-- Why a score is what it is: one row per row of Office and measure. Standing is the share of engaged
-- accounts that are no better, 0 where the account is not engaged. Weight is 0 for a measure of a source that
-- the enrichment does not have. Points is what the measure adds to the score: 100 times Standing times Weight,
-- divided by the sum of the weights. Value, Standing and Points are null where the numbers are suppressed.
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
  weight as "Weight",
  case
    when is_engaged and $total_weight > 0
      then cast(100 * weight * standing as double) / cast($total_weight * accounts as double)
    when not is_suppressed then 0.0
  end as "Points"
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
