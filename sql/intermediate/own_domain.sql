-- One row per domain of an internal address.
select distinct domain
from (
  select address_domain(address) as domain
  from internal_address
) as internal
where domain is not null
