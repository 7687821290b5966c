-- One row per account and address: the contacts. person is the contact_id (if there are several, the smallest
-- as text), else the address.
select
  account_no,
  address,
  coalesce(min(contact_id), address) as person
from (
  select account_no, contact_id, unnest(addresses) as address
  from contact
  where disposition = 'used'
) as used
group by account_no, address
