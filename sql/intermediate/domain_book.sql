-- One row with one value: an address book with domains in place of addresses. It maps each used domain to its
-- accounts. Domains of public mail providers and our own ones have no account, so that nobody is known by them.
select address_book(domain, account_no, domain) as book
from (
  select domain, account_no
  from account_domain
  where disposition = 'used'
  union all
  select domain, cast(null as int) as account_no
  from stg_public_mail_domain
  where $has_domains
  union all
  select domain, cast(null as int) as account_no
  from own_domain
  where $has_domains
) as known
