-- One row per listed address and mailbox that it resolves to. A listed group resolves to its members, and to
-- their members if these are groups. Cycles end, because UNION drops rows that were reached before.
-- An address with rows in the groups input is a group and not a mailbox.
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
