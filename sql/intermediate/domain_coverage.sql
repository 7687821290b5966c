-- One row: what domains add to contacts. addresses counts the addresses that accounts know by domain and that are
-- in a used row; shared_addresses counts those of several accounts. accounts counts the accounts with such an
-- address and without a used contact; accounts_with_domain those with a used domain. shared_domains counts the used domains of several accounts. All are 0 if no
-- domain is mapped.
with by_address as (
  select address_key, min(account_no) as first_account, max(account_no) as last_account
  from domain_address
  group by address_key
)
select
  (select count(*) from by_address) as addresses,
  (select count(*) from by_address where first_account < last_account) as shared_addresses,
  (
    select count(*)
    from (select distinct account_no from domain_address) as known_by_domain
    where account_no not in (select account_no from contact_address)
  ) as accounts,
  (
    select count(*)
    from (
      select domain
      from account_domain
      where disposition = 'used'
      group by domain
      having count(*) > 1
    ) as shared
  ) as shared_domains,
  (select count(distinct account_no) from account_domain where disposition = 'used') as accounts_with_domain
