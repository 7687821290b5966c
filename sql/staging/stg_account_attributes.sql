-- One row per row of the accounts input with an account id: its name, and its attributes as one struct. There are no
-- rows if the enrichment file names no attributes.
select account_id, name, attributes
from input_accounts
where $has_attributes
  and not is_blank(account_id)
