-- One row per row of the contacts input, with its disposition: the first that applies. account_no is null if
-- the account is not in the profile. addresses are the valid addresses of the row that are not internal,
-- normalized. has_unused says that a used row has a part of an email cell that is not an address.
with of_account as (
  select
    profile.account_no,
    is_blank(contact.account_id) as is_without_account,
    contact.contact_id,
    contact.emails
  -- Put the small table on the left: without statistics, DataFusion builds the hash table of a join from the
  -- left input and streams the right.
  from profile
  right join stg_contact as contact on contact.account_id = profile.account_id
),
addressed as (
  select
    of_account.*,
    internal_address_book.book,
    unknown_addresses(internal_address_book.book, emails) as addresses
  from internal_address_book
  cross join of_account
)
select
  account_no,
  contact_id,
  addresses,
  first_true(
    is_without_account, 'missing_account',
    cardinality(addresses) = 0 and not has_people(lookup_people(book, emails)), 'invalid_email',
    account_no is null, 'unknown_account',
    cardinality(addresses) = 0, 'own_mailbox',
    'used'
  ) as disposition,
  cardinality(addresses) > 0 and account_no is not null and count_no_address(emails) > 0 as has_unused
from addressed
