-- One row per account of the profile. account_no numbers the accounts from 0 in the order of account_id. Of
-- several names, the smallest is used.
select
  account_id,
  name,
  cast(row_number() over (order by account_id) - 1 as int) as account_no
from (
  select
    account_id,
    min(name) as name
  from stg_account
  group by account_id
) as account
