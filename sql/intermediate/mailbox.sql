-- One row per mailbox: a listed address after groups are resolved. entra_id is null if the directory does not
-- know the address.
select
  mailbox_source.address,
  directory.entra_id
from (select distinct address from mailbox_source) as mailbox_source
left join directory on directory.address = mailbox_source.address
