-- The mailboxes of the enrichment: one row per listed address after groups are resolved.
select
  address as "Email",
  entra_id as "EntraId"
from mailbox
