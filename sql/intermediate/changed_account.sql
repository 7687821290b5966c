-- The accounts that could be subtracted from what was published ($published_accounts, $published_months,
-- $published_numbers, $published_people): one row per account. There are no rows if nothing was published.
-- An account has changed if a month of the window has other numbers than those that were published about it: the difference
-- can be about one message. Numbers of internal people are compared with those in the same steps.
-- If a month with engagement that was published has changed, or its account is not in the profile any more, its messages can be
-- with another account now, in another month if a time has been corrected, or the account can have another identifier. Then
-- an account with engagement in some month about which nothing was published is one of these, too. Months before the window
-- count for this if their account is not in the profile. Of an account about which
-- something was published, months after the last published one do not count: nothing could be published about them.
with published as (
  select
    unnest(cast($published_accounts as varchar[])) as account_id,
    cast(unnest(cast($published_months as varchar[])) as date) as month,
    unnest(cast($published_numbers as varchar[])) as numbers,
    unnest(cast($published_people as varchar[])) as people
),
compared as (
  select
    account_month.account_no,
    published.month,
    published.numbers,
    account_month.account_no is null
      or account_month.numbers <> published.numbers
      or account_month.people <> published.people
      and split_part(account_month.people, ' ', 1) = split_part(published.people, ' ', 1) as has_changed
  from published
  left join account_month on account_month.account_id = published.account_id and account_month.month = published.month
  where published.month between cast($first_day as date) and cast($as_of as date)
)
select account_no
from compared
where has_changed
  and account_no is not null
union
select account_month.account_no
from account_month
cross join (
  select max(month) as last_month, bool_or(has_changed and numbers <> '0') as has_changed
  from (
    select month, numbers, has_changed
    from compared
    union all
    select published.month, published.numbers, true
    from published
    left join profile on profile.account_id = published.account_id
    where profile.account_id is null
  ) as every_published
) as every_month
left join published on published.account_id = account_month.account_id and published.month = account_month.month
left join (
  select distinct account_id
  from published
) as known on known.account_id = account_month.account_id
where every_month.has_changed
  and account_month.numbers <> '0'
  and published.account_id is null
  and (account_month.month <= every_month.last_month or known.account_id is null)
