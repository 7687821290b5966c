-- One row with one value: the address book, which maps each known address to the numbers of its people. These
-- are internal people (account_no is null) and people of accounts.
-- Functions look up whole lists of addresses in this value. A join would first unnest every list of
-- recipients.
select address_book(address, account_no, person) as book
from (
  select address, cast(null as int) as account_no, person
  from internal_address
  union all
  select address, account_no, person
  from contact_address
) as known
