-- Entra ids: one row per address of the directory. Of several ids of one address, the smallest as
-- text.
select
  address,
  min(entra_id) as entra_id
from stg_user
group by address
