-- The card's history: one row per account of the profile and calendar month, the last twelve up to
-- the month of $as_of, those without activity too. Month is the first day of the month.
-- Null where the months of the account are withheld.
-- place is where the row stands in the order of account and month: one number (see office_measure).
with withheld as (
  select account_no
  from withheld_account
  where $min_people > 1
),
month as (
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
  case when $min_people = 1 or not spine.is_withheld then coalesce(month.emails, 0) end as "Emails",
  case when $min_people = 1 or not spine.is_withheld then coalesce(month.meetings, 0) end as "Meetings",
  cast(spine.account_no as bigint) * 4194304 + cast(spine.month - cast('0001-01-01' as date) as bigint) as place
from (
  select
    account_id,
    profile.account_no,
    withheld.account_no is not null as is_withheld,
    twelve.month
  from (
    select cast(unnest(generate_series(
      cast(month_start(cast($as_of as date)) - interval '11 months' as date),
      month_start(cast($as_of as date)),
      interval '1 month'
    )) as date) as month
  ) as twelve
  cross join profile
  left join withheld on withheld.account_no = profile.account_no
) as spine
left join month on month.account_no = spine.account_no and month.month = spine.month
