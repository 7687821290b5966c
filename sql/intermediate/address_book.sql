-- One row with one value: the address book, which maps each known address to the numbers of its people. These
-- are internal people (account_no is null) and people of accounts: contacts, and those known by domain.
-- Functions look up whole lists of addresses in this value. A join would first unnest every list of
-- recipients.
select address_book(address, account_no, person) as book
from (
  select id_hash(address) as address, cast(null as int) as account_no, id_hash(person) as person
  from internal_address
  union all
  select id_hash(address) as address, account_no, id_hash(person) as person
  from contact_address
  union all
  select address_key as address, account_no, address_key as person
  from domain_address
) as known
