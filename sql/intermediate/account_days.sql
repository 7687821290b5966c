-- One row per bucket of accounts. days is a list of structs, one per account and local day (in $time_zone)
-- with engagement, in the order of account number and day. Durations in it are in microseconds.
-- A bucket is one row because one function call processes it. View account_day lists the days as rows.
select
  bucket,
  account_days(engagements, $reply_limit_micros) as days
from engagement_bucket
