-- One row per value in a domain column of the accounts input, with its disposition: the first that applies. A
-- public suffix, such as co.uk, names nobody. repeated: another row with the same account and domain is used.
select
  account_no,
  domain,
  first_true(
    domain is null, 'invalid_domain',
    registrable_domain(domain) is null, 'public_suffix',
    is_public_mail, 'public_mail',
    is_own, 'own_domain',
    row_number() over (partition by account_no, domain order by domain) > 1, 'repeated',
    'used'
  ) as disposition
from (
  select
    profile.account_no,
    account.domain,
    public_mail.domain is not null as is_public_mail,
    own_domain.domain is not null as is_own
  from stg_account_domain as account
  join profile on profile.account_id = account.account_id
  left join stg_public_mail_domain as public_mail on public_mail.domain = account.domain
  left join own_domain on own_domain.domain = account.domain
) as owned
