-- One row with one value: the address book of the internal people only.
-- View contact needs it to find the addresses that are not internal. It cannot use address_book, which is
-- built from contact.
select address_book(address, cast(null as int), person) as book
from internal_address
