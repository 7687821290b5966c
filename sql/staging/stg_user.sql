-- The directory: one row per usable row of the users input.
select
  normalize_address(email) as address,
  entra_id
from input_users
where normalize_address(email) is not null
  and not is_blank(entra_id)
