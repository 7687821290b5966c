-- One row: the summary of a run. Dates are local days in $time_zone.
-- DaysCovered counts the days with at least one used row of mail or meetings. FirstDay and LastDay are the
-- first and last day with engagement. MailboxesActive counts the mailboxes whose person sends, receives,
-- organizes or attends in a used row.
-- If the year of an account is suppressed, its days do not count for FirstDay and LastDay. MessagesEngaged
-- and MeetingsEngaged are then null, because the numbers of the account could be derived from them.
with suppressed as (
  select account_no
  from suppressed_account
  where $min_people > 1 and with_year
)
select
  cast($enrichment as varchar) as "Enrichment",
  cast($as_of as date) as "AsOfDate",
  period.first_day as "FirstDay",
  period.last_day as "LastDay",
  coverage.days as "DaysCovered",
  (select count(*) from mailbox) as "MailboxesListed",
  coverage.mailboxes_active as "MailboxesActive",
  case when period.suppressed = 0 then (select coalesce(sum(messages), 0) from engagement_bucket) end as "MessagesEngaged",
  case when period.suppressed = 0 then (select coalesce(sum(meetings), 0) from engagement_bucket) end as "MeetingsEngaged",
  (select count(*) from profile) as "AccountsInProfile",
  period.accounts as "AccountsEngaged",
  coverage.shared_addresses as "SharedAddresses"
from coverage
cross join (
  select
    min(case when suppressed.account_no is null then first_on end) as first_day,
    max(case when suppressed.account_no is null then greatest(last_email_on, last_meeting_on) end) as last_day,
    count(*) as accounts,
    count(suppressed.account_no) as suppressed
  from account_period
  left join suppressed on suppressed.account_no = account_period.account_no
  where level = 'year'
) as period
