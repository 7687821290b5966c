-- Whose mailbox: one row per Entra id of the directory with its address, a listed one first, then
-- the smallest.
select
  directory.entra_id,
  coalesce(min(mailbox.address), min(directory.address)) as address
from directory
left join mailbox on mailbox.address = directory.address
group by directory.entra_id
