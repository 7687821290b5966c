-- The run at a glance: one row.
-- DaysCovered counts the days with at least one used row of mail or meetings; FirstDay and LastDay
-- are the first and last with engagement. A mailbox is active if its person stands in a used row.
select
  cast($enrichment as varchar) as "Enrichment",
  cast($as_of as date) as "AsOfDate",
  period.first_day as "FirstDay",
  period.last_day as "LastDay",
  coverage.days as "DaysCovered",
  (select count(*) from mailbox) as "MailboxesListed",
  coverage.mailboxes_active as "MailboxesActive",
  (select coalesce(sum(messages), 0) from engagement_bucket) as "MessagesEngaged",
  (select coalesce(sum(meetings), 0) from engagement_bucket) as "MeetingsEngaged",
  (select count(*) from profile) as "AccountsInProfile",
  period.accounts as "AccountsEngaged",
  (
    select count(*)
    from (select address from contact_address group by address having count(*) > 1) as address
  ) as "SharedAddresses"
from coverage
cross join (
  select
    min(first_on) as first_day,
    max(greatest(last_email_on, last_meeting_on)) as last_day,
    count(*) as accounts
  from account_period
  where level = 'year'
) as period
