-- The accounts that are suppressed: one row per account. All its numbers are suppressed. There are no rows if
-- $min_people is 1. is_small says that the account has a small month.
-- An account is suppressed if it has a small month in the window: engagement of some kind, but fewer than $min_people
-- internal people in what of it is with this account alone. Each kind of own_people is judged by itself. So every
-- number of an account that is published has in it at least $min_people people who are in no number of another account,
-- and no addition or subtraction of published numbers can be about fewer. The window is twelve whole months, so no two
-- results differ by a small month.
-- It is also suppressed if it could be subtracted from what was published (changed_account).
select account_no, bool_or(is_small) as is_small
from (
  select account_no, true as is_small
  from own_people
  where $min_people > 1
    and people < $min_people
  union all
  select account_no, false
  from changed_account
  where $min_people > 1
) as suppressed
group by account_no
