-- How many addresses belong to contacts of several accounts: one row.
select count(*) as addresses
from (select address from contact_address group by address having count(*) > 1) as address
