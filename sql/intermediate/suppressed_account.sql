-- The accounts that are suppressed: one row per account. All its numbers are suppressed. There are no rows if
-- $min_people is 1.
-- An account is suppressed if it has a small month in the window: engagement in mail, or in meetings, but fewer than
-- $min_people internal people in what is with this account alone. Each of the two sides is judged by itself. So every
-- number of an account that is published has in it at least $min_people people who are in no number of another account,
-- and no addition or subtraction of published numbers can be about fewer. The window is twelve whole months, so no two
-- results differ by a small month.
-- It is also suppressed if it could be subtracted from what was published (changed_account).
select account_no
from own_people
where $min_people > 1
  and people < $min_people
union
select account_no
from changed_account
where $min_people > 1
