-- The accounts that are suppressed: one row per account. All its numbers are suppressed. There are no rows if
-- $min_people is 1.
-- An account is suppressed if it has a small month in the window: engagement in mail, or in meetings, but fewer than
-- $min_people internal people in what is with this account alone. Each of the two sides is judged by itself. So every
-- number of an account that is published has in it at least $min_people people who are in no number of another account,
-- and no addition or subtraction of published numbers can be about fewer. The window is twelve whole months, so no two
-- results differ by a small month.
-- It is also suppressed if a month of the window has other numbers than those that were published about it
-- ($published_accounts, $published_months, $published_numbers): the difference can be about one message.
with published as (
  select
    unnest(cast($published_accounts as varchar[])) as account_id,
    cast(unnest(cast($published_months as varchar[])) as date) as month,
    unnest(cast($published_numbers as varchar[])) as numbers
)
select account_no
from own_people
where $min_people > 1
  and people < $min_people
union
select account_month.account_no
from published
join account_month on account_month.account_id = published.account_id and account_month.month = published.month
where $min_people > 1
  and account_month.numbers <> published.numbers
