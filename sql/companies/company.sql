-- The companies that the profile does not know: one row per registrable domain with engaged messages or meetings.
-- Days are in $time_zone.
-- If $min_people is above 1, a company is left out if one of its months is small, as an account is suppressed
-- (own_people), and OurPeople is in steps of $min_people.
with engaged as (
  select account_no, 1 as messages, 0 as meetings, sent_on as day, internal_people, account_people
  from message_account
  union all
  select account_no, 0, 1, held_on, internal_people, account_people
  from meeting_account
)
select
  company.company as "Domain",
  counted.messages as "Messages",
  counted.meetings as "Meetings",
  counted.people as "People",
  counted.our_people / $min_people * $min_people as "OurPeople",
  counted.first_day as "FirstDay",
  counted.last_day as "LastDay"
from (
  select
    account_no,
    sum(messages) as messages,
    sum(meetings) as meetings,
    cast(cardinality(set_union(account_people)) as bigint) as people,
    cast(cardinality(set_union(internal_people)) as bigint) as our_people,
    min(day) as first_day,
    max(day) as last_day
  from engaged
  group by account_no
) as counted
join (select distinct company, company_no from company_domain) as company on company.company_no = counted.account_no
where counted.account_no not in (select account_no from own_people where people < $min_people)
