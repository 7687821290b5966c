-- What the accounts of a period are compared with: one row per level and period, over the accounts that
-- are engaged in it and not suppressed.
-- accounts is N of the score; counts holds, per measure, how many accounts have at most each value.
select
  "AggregationLevel",
  "AggregationStartDate",
  count(*) as accounts,
  cumulative_counts(measures) as counts
from office_measure
where is_engaged
group by "AggregationLevel", "AggregationStartDate"
