-- The contacts: one row per account and address. person is the contact_id (of several, the
-- smallest as text), else the address.
select
  account_no,
  address,
  coalesce(min(contact_id), address) as person
from contact_email
where address is not null
  and account_no is not null
  and not is_own
group by account_no, address
