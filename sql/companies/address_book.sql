-- One row with one value: the address book in which companies are accounts. The people of the profile's accounts are
-- in it as one more account, whose number is the number of companies: their copies take part in the merge.
with others as (
  select cast(count(distinct company) as int) as account_no
  from company_domain
)
select address_book(address, account_no, person) as book
from (
  select id_hash(address) as address, cast(null as int) as account_no, id_hash(person) as person
  from internal_address
  union all
  select address_key as address, company_no as account_no, address_key as person
  from company_address
  union all
  select id_hash(address) as address, others.account_no, id_hash(address) as person
  from contact_address
  cross join others
  union all
  select address_key as address, others.account_no, address_key as person
  from domain_address
  cross join others
) as known
