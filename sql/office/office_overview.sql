-- One row: the summary of a run. Dates are local days in $time_zone.
-- DaysCovered counts the days with at least one used row of mail or meetings. FirstDay and LastDay are the
-- first and last day with engagement. MailboxesActive counts the mailboxes whose person sends, receives,
-- organizes or attends in a used row.
-- If $min_people is above 1, the days of suppressed accounts do not count for FirstDay and LastDay, and DaysCovered,
-- MailboxesActive, MessagesEngaged, MeetingsEngaged, AddressesByDomain and AccountsByDomain are null: they are about all rows, and not
-- sums of what is published about accounts. AccountsEngaged counts each suppressed account then, so that it follows from
-- what is published about accounts.
with suppressed as (
  select account_no
  from suppressed_account
  where $min_people > 1
)
select
  cast($enrichment as varchar) as "Enrichment",
  cast($as_of as date) as "AsOfDate",
  period.first_day as "FirstDay",
  period.last_day as "LastDay",
  case when $min_people = 1 then coverage.days end as "DaysCovered",
  (select count(*) from mailbox) as "MailboxesListed",
  case when $min_people = 1 then coverage.mailboxes_active end as "MailboxesActive",
  case when $min_people = 1 then (select coalesce(sum(messages), 0) from engagement_bucket) end as "MessagesEngaged",
  case when $min_people = 1 then (select coalesce(sum(meetings), 0) from engagement_bucket) end as "MeetingsEngaged",
  (select count(*) from profile) as "AccountsInProfile",
  period.accounts + (select count(*) from suppressed) as "AccountsEngaged",
  coverage.shared_addresses as "SharedAddresses",
  case when $min_people = 1 then domain_coverage.addresses end as "AddressesByDomain",
  case when $min_people = 1 then domain_coverage.accounts end as "AccountsByDomain",
  domain_coverage.shared_domains as "SharedDomains"
from coverage
cross join domain_coverage
cross join (
  select
    min(case when suppressed.account_no is null then first_on end) as first_day,
    max(case when suppressed.account_no is null then greatest(last_email_on, last_meeting_on) end) as last_day,
    count(*) - count(suppressed.account_no) as accounts
  from account_period
  left join suppressed on suppressed.account_no = account_period.account_no
  where level = 'year'
) as period
