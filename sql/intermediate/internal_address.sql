-- One row per internal address: each listed mailbox, and each other address to which the directory gives the
-- Entra id of a listed mailbox. person is the Entra id if the directory knows the address, else the address.
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
