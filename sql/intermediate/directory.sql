-- One row per address of the directory, with its Entra id: if there are several, the smallest as text.
select
  address,
  min(entra_id) as entra_id
from stg_user
group by address
