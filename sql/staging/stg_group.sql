-- One row per row of the groups input with a valid group address: a group and a member. member_address is
-- null if the member is not a valid address.
select
  normalize_address(group_email) as group_address,
  normalize_address(member_email) as member_address
from input_groups
where normalize_address(group_email) is not null
