-- One row per row of the contacts input, with its disposition: the first that applies. account_no is
-- null where the account is not in the profile; addresses are those that are not ours.
with of_account as (
  select
    profile.account_no,
    is_blank(contact.account_id) as is_without_account,
    contact.contact_id,
    contact.emails
  -- The few come first: the engine holds what stands on the left, and lets the rest pass by.
  from profile
  right join stg_contact as contact on contact.account_id = profile.account_id
),
addressed as (
  select
    of_account.*,
    own_book.book,
    unknown_addresses(own_book.book, emails) as addresses
  from own_book
  cross join of_account
)
select
  account_no,
  contact_id,
  addresses,
  first_true(
    is_without_account, 'missing_account',
    cardinality(addresses) = 0 and not anybody(parties(book, emails)), 'invalid_email',
    account_no is null, 'unknown_account',
    cardinality(addresses) = 0, 'own_mailbox',
    'used'
  ) as disposition
from addressed
