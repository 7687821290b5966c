-- Who is behind which address: one row, one value. Parties of this book are people of ours (no
-- account_no) or of an account.
select address_book(address, account_no, person) as book
from (
  select address, cast(null as int) as account_no, person
  from own_address
  union all
  select address, account_no, person
  from contact_address
) as known
