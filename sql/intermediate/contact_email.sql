-- One row per row of the contacts input and mapped email column.
-- address is null where the email is none; account_no is null where the account is not in the
-- profile.
with email as (
  select
    contact_row,
    account_id,
    contact_id,
    normalize_address(email) as address
  from (select contact_row, account_id, contact_id, unnest(emails) as email from stg_contact) as contact
)
select
  email.contact_row,
  email.account_id,
  email.contact_id,
  email.address,
  profile.account_no,
  own_address.address is not null as is_own
from email
left join profile on profile.account_id = email.account_id
left join own_address on own_address.address = email.address
