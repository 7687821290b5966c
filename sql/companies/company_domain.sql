-- One row per seen domain. company is its registrable domain, and company_no the number of that, from 0 in the order
-- of companies. Both are null if the domain or its company is a public mail provider's or ours, if the domain is a
-- public suffix, or if an account has it or a parent of it.
with own as (
  select domain from own_domain
  union
  select registrable_domain(domain) as domain from own_domain
),
left_out as (
  select domain from own
  union
  select domain from stg_public_mail_domain
),
of_account as (
  select distinct parent.domain
  from (select domain, unnest(parent_domains(domain)) as parent from seen_domain) as parent
  join account_domain on account_domain.domain = parent.parent
  where account_domain.disposition = 'used'
),
company as (
  select
    seen.domain,
    case
      when left_out.domain is null and of_company.domain is null and of_account.domain is null
        then seen.company
    end as company
  from (select domain, registrable_domain(domain) as company from seen_domain) as seen
  left join left_out on left_out.domain = seen.domain
  left join left_out as of_company on of_company.domain = seen.company
  left join of_account on of_account.domain = seen.domain
)
select
  domain,
  company,
  case when company is not null then cast(dense_rank() over (order by company nulls last) - 1 as int) end as company_no
from company
