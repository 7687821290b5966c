-- The run at a glance: one row.
-- DaysCovered counts the days with at least one used row of mail or meetings; FirstDay and LastDay
-- are the first and last with engagement. A mailbox is active if its person stands in a used row.
-- Of what is about engagement, accounts whose year is withheld are counted in AccountsEngaged alone.
with withheld as (
  select account_no
  from withheld_account
  where $min_people > 1 and with_year
)
select
  cast($enrichment as varchar) as "Enrichment",
  cast($as_of as date) as "AsOfDate",
  day.first_day as "FirstDay",
  day.last_day as "LastDay",
  (
    select cast(cardinality(set_union(used_days)) as bigint)
    from (select used_days from mail_merged union all select used_days from meeting_merged) as used
  ) as "DaysCovered",
  (select count(*) from mailbox) as "MailboxesListed",
  (
    select count(*)
    from (
      select unnest(parties(address_book.book, mailbox.address)) as party
      from address_book
      cross join mailbox
    ) as listed
    where party in (
      select unnest(set_union(people)) as party
      from (
        select senders as people from mail_merged
        union all
        select recipients as people from mail_merged
        union all
        select organizers as people from meeting_merged
        union all
        select attendees as people from meeting_merged
      ) as used
    )
  ) as "MailboxesActive",
  (
    select count(distinct message_key)
    from message_account
    where account_no not in (select account_no from withheld)
  ) as "MessagesEngaged",
  (
    select count(*)
    from (
      select distinct meeting_key, start_at
      from meeting_account
      where account_no not in (select account_no from withheld)
    ) as meeting
  ) as "MeetingsEngaged",
  (select count(*) from profile) as "AccountsInProfile",
  (select count(distinct account_no) from account_day) as "AccountsEngaged",
  (
    select count(*)
    from (select address from contact_address group by address having count(*) > 1) as address
  ) as "SharedAddresses"
from (
  select
    min(day) as first_day,
    max(day) as last_day
  from account_day
  where account_no not in (select account_no from withheld)
) as day
