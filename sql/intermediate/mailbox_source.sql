-- How the listed addresses resolve: one row per listed address and mailbox it leads to. A listed
-- group leads to its members, and theirs if they are groups; cycles end where they began.
with recursive reached as (
  select
    address as listed_address,
    address
  from stg_mailbox
  union
  select
    reached.listed_address,
    stg_group.member_address as address
  from reached
  join stg_group on stg_group.group_address = reached.address
  where stg_group.member_address is not null
)
select
  listed_address,
  address
from reached
where not exists (select 1 from stg_group where stg_group.group_address = reached.address)
