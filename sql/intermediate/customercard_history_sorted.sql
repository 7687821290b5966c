-- One row per account of the profile and calendar month: the last twelve months up to the month of $as_of,
-- including months without activity. Month is the first day of the month, in $time_zone. Emails and Meetings
-- are null if the account is suppressed, and in months that end before $first_day, about which nothing is known.
-- sort_key is a number in the order of account and month: rows are sorted by one number in half the time.
with suppressed as (
  select account_no
  from suppressed_account
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
  case when spine.is_known then coalesce(month.emails, 0) end as "Emails",
  case when spine.is_known then coalesce(month.meetings, 0) end as "Meetings",
  sort_key('month', spine.account_no, spine.month) as sort_key
from (
  select
    account_id,
    profile.account_no,
    twelve.month,
    twelve.month >= month_start(cast($first_day as date))
      and ($min_people = 1 or suppressed.account_no is null) as is_known
  from (
    select cast(unnest(generate_series(
      cast(month_start(cast($as_of as date)) - interval '11 months' as date),
      month_start(cast($as_of as date)),
      interval '1 month'
    )) as date) as month
  ) as twelve
  cross join profile
  left join suppressed on suppressed.account_no = profile.account_no
) as spine
left join month on month.account_no = spine.account_no and month.month = spine.month
