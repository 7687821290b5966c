-- The accounts that are suppressed: one row per account with a small month, one in which 1 to $min_people - 1
-- internal people take part in its mail, or in its meetings. Each of the two is judged by itself. All numbers of
-- such an account are suppressed: the window is twelve whole months, so no two results differ by the small month.
-- There are no rows if $min_people is 1.
select distinct account_no
from account_period
where $min_people > 1
  and level = 'month'
  and (
    internal_email_people between 1 and $min_people - 1
    or internal_meeting_people between 1 and $min_people - 1
  )
