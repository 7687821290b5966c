-- The days of accounts: one row per bucket of accounts, with the list of their days in the order of
-- account and day.
select
  bucket,
  account_days(engagements, $reply_limit_micros) as days
from engagement_bucket
