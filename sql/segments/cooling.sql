-- The score of the as-of month is 20 or more below that of the month before
-- One row per account. A month without a row counts as a score of 0. A suppressed account has no months, so it
-- is not in the segment. The difference is rounded, because the difference of two floating-point scores can miss
-- 20 by a rounding error.
with months as (
  select
    month_start(AsOfDate) as this_month,
    cast(month_start(AsOfDate) - interval '1 month' as date) as last_month
  from Office_Overview
)
select before.CustomerId
from months
join Office as before
  on before.AggregationLevel = 'month'
  and before.AggregationStartDate = months.last_month
left join Office as after
  on after.AggregationLevel = 'month'
  and after.AggregationStartDate = months.this_month
  and after.CustomerId = before.CustomerId
where round(before.EngagementScore - case when after.CustomerId is null then 0 else after.EngagementScore end, 6) >= 20
