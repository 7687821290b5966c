-- One row with one value: the address book of everybody whom domains do not decide about: internal people, and the
-- contacts of every account, also of those that are not in the profile. It is empty if no domain is mapped.
select address_book(address, cast(null as int), address) as book
from (
  select address
  from internal_address
  where $has_domains
  union all
  select unnest(addresses) as address
  from contact
  where disposition <> 'missing_account' and $has_domains
) as known
