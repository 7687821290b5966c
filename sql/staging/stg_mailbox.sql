-- One row per listed address of the enrichment file: the address of a person or of a group.
select address
from input_mailboxes
