-- One row per row of the contacts input and mapped email column.
-- is_without_account: the row names no account. address is null where the email is none; account_no is
-- null where the account is not in the profile.
with of_account as (
  select
    contact.contact_row,
    is_blank(contact.account_id) as is_without_account,
    profile.account_no,
    contact.contact_id,
    contact.emails
  -- The few come first: the engine holds what stands on the left, and lets the rest pass by.
  from profile
  right join stg_contact as contact on contact.account_id = profile.account_id
),
email as (
  select
    contact_row,
    is_without_account,
    account_no,
    contact_id,
    normalize_address(email) as address
  from (
    select contact_row, is_without_account, account_no, contact_id, unnest(emails) as email
    from of_account
  ) as email
)
select
  email.contact_row,
  email.is_without_account,
  email.account_no,
  email.contact_id,
  email.address,
  own_address.address is not null as is_own
from own_address
right join email on email.address = own_address.address
