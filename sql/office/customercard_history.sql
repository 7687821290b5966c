-- The card's history: one row per account of the profile and calendar month, the last twelve up to
-- the month of $as_of, those without activity too. Month is the first day of the month.
with month as (
  select
    account_no,
    period_start as month,
    emails_to + emails_from as emails,
    meetings_to + meetings_from as meetings
  from account_period
  where level = 'month'
)
select
  spine.account_id as "CustomerId",
  spine.month as "Month",
  coalesce(month.emails, 0) as "Emails",
  coalesce(month.meetings, 0) as "Meetings"
from (
  select
    account_id,
    account_no,
    cast(unnest(generate_series(
      cast(month_start(cast($as_of as date)) - interval '11 months' as date),
      month_start(cast($as_of as date)),
      interval '1 month'
    )) as date) as month
  from profile
) as spine
left join month on month.account_no = spine.account_no and month.month = spine.month
