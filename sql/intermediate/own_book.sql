-- Who is behind our addresses: one row, one value.
select address_book(address, cast(null as int), person) as book
from own_address
