-- The card's history: one row per account of the profile and calendar month, the last twelve up to
-- the month of $as_of, those without activity too. Month is the first day of the month.
-- Null where the months of the account are withheld; where small groups are protected, months are
-- known to be safe only if Office has them.
with withheld as (
  select account_no
  from withheld_account
  where $min_people > 1
),
month as (
  select
    account_no,
    month_start(day) as month,
    sum(emails_to + emails_from) as emails,
    sum(meetings_to + meetings_from) as meetings
  from account_day
  group by account_no, month_start(day)
)
select
  spine.account_id as "CustomerId",
  spine.month as "Month",
  case when not spine.is_withheld then coalesce(month.emails, 0) end as "Emails",
  case when not spine.is_withheld then coalesce(month.meetings, 0) end as "Meetings"
from (
  select
    account_id,
    profile.account_no,
    withheld.account_no is not null or ($min_people > 1 and not array_has($levels, 'month')) as is_withheld,
    cast(unnest(generate_series(
      cast(month_start(cast($as_of as date)) - interval '11 months' as date),
      month_start(cast($as_of as date)),
      interval '1 month'
    )) as date) as month
  from profile
  left join withheld on withheld.account_no = profile.account_no
) as spine
left join month on month.account_no = spine.account_no and month.month = spine.month
