-- Membership in distribution groups: one row per row of the groups input with a usable group
-- address. member_address is null where the member is no address.
select
  normalize_address(group_email) as group_address,
  normalize_address(member_email) as member_address
from input_groups
where normalize_address(group_email) is not null
