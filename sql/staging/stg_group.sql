-- One row per row of the groups input with a valid group address, and member: a group and a member. A value may
-- hold several members. member_address is null if the member is not a valid address.
select
  normalize_address(group_email) as group_address,
  unnest(
    case
      when cardinality(addresses(member_email)) > 0 then addresses(member_email)
      else make_array(cast(null as varchar))
    end
  ) as member_address
from input_groups
where normalize_address(group_email) is not null
