-- The run at a glance: one row.
-- DaysCovered counts the days with at least one used row of mail or meetings; FirstDay and LastDay
-- are the first and last with engagement. A mailbox is active if its person stands in a used row.
-- Where the year of an account is withheld, its days do not count, and no total is published from
-- which it could be told.
with withheld as (
  select account_no
  from withheld_account
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
  case when period.withheld = 0 then (select coalesce(sum(messages), 0) from engagement_bucket) end as "MessagesEngaged",
  case when period.withheld = 0 then (select coalesce(sum(meetings), 0) from engagement_bucket) end as "MeetingsEngaged",
  (select count(*) from profile) as "AccountsInProfile",
  period.accounts as "AccountsEngaged",
  coverage.shared_addresses as "SharedAddresses"
from coverage
cross join (
  select
    min(case when withheld.account_no is null then first_on end) as first_day,
    max(case when withheld.account_no is null then greatest(last_email_on, last_meeting_on) end) as last_day,
    count(*) as accounts,
    count(withheld.account_no) as withheld
  from account_period
  left join withheld on withheld.account_no = account_period.account_no
  where level = 'year'
) as period
