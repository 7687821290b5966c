-- One row per row of the accounts input with an account id. Without that input ($has_accounts is false), one
-- row per row of the contacts input with an account id. Accounts can repeat.
select account_id, name
from input_accounts
where not is_blank(account_id)
union all
select account_id, null as name
from input_contacts
where not is_blank(account_id)
  and not $has_accounts
