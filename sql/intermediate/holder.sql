-- One row per Entra id of the directory, with one address: a listed mailbox if there is one, else any
-- address; of several, the smallest as text.
-- Graph exports identify a mailbox only by the Entra id of its owner.
select
  directory.entra_id,
  coalesce(min(mailbox.address), min(directory.address)) as address
from directory
left join mailbox on mailbox.address = directory.address
group by directory.entra_id
