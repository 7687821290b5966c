-- Accounts of the profile, repetitions included: the accounts input or, where there is none
-- ($has_accounts is false), every account of the contacts input.
select account_id, name
from input_accounts
where not is_blank(account_id)
union all
select account_id, null as name
from input_contacts
where not is_blank(account_id)
  and not $has_accounts
