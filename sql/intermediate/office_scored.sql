-- Office with its score: one row per row of Office. What is suppressed has no score.
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
    measure.*,
    distribution.accounts,
    nonzero_count_at_most(distribution.counts, measure.measures) as standings
  -- The small table is on the left: without statistics, the engine builds its hash table from it.
  from period_distribution as distribution
  right join office_measure as measure
    on distribution."AggregationLevel" = measure."AggregationLevel"
    and distribution."AggregationStartDate" = measure."AggregationStartDate"
) as scored
