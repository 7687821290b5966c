-- The mailboxes of the enrichment: one row per listed address after groups are resolved.
select
  mailbox_source.address,
  directory.entra_id
from (select distinct address from mailbox_source) as mailbox_source
left join directory on directory.address = mailbox_source.address
