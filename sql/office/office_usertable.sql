-- One row per mailbox of the enrichment: a listed address after groups are resolved. EntraId is null if the
-- directory does not know the address. This is the only published table about individuals.
select
  address as "Email",
  entra_id as "EntraId"
from mailbox
