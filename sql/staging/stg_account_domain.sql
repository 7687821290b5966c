-- One row per value in a domain column of a row of the accounts input with an account id. A cell may hold several
-- values, separated by commas, semicolons or white space. domain is null if the value is not a domain. Without
-- mapped columns there are no rows.
select
  account_id,
  normalize_domain(value) as domain
from (
  select
    account_id,
    unnest(string_to_array(regexp_replace(cell, '[,;\s]+', ' ', 'g'), ' ')) as value
  from (
    select account_id, unnest(domains) as cell
    from input_accounts
    where not is_blank(account_id)
  ) as cells
) as account_values
where value <> ''
