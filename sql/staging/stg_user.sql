-- The directory: one row per row of the users input with a valid address and an Entra id.
select
  normalize_address(email) as address,
  entra_id
from input_users
where normalize_address(email) is not null
  and not is_blank(entra_id)
