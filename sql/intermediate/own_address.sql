-- Ours: one row per address of a listed mailbox, and per other address that the directory gives
-- the same Entra id. person is the Entra id where the directory knows one, else the address.
select
  address,
  coalesce(min(entra_id), address) as person
from (
  select address, entra_id
  from mailbox
  union all
  select address, entra_id
  from directory
  where entra_id in (select entra_id from mailbox where entra_id is not null)
) as own
group by address
