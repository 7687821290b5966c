-- The mailbox list of the enrichment file: one row per listed address, a person's or a group's.
select address
from input_mailboxes
