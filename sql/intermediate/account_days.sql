-- One row per bucket of accounts. days is a list of structs, one per account and local day (in $time_zone)
-- with engagement, in the order of account number and day. Durations in it are in microseconds.
-- If $min_people is above 1, a reply is in the month of its question, so that no number of a month changes when the
-- month before it leaves the window.
-- A bucket is one row because one function call processes it. View account_day lists the days as rows.
select
  bucket,
  case
    when $min_people = 1 then account_days(engagements, $reply_limit_micros)
    else account_days(engagements, $reply_limit_micros, true)
  end as days
from engagement_bucket
