-- One row per row of the contacts input. emails is the list of its mapped email columns, not normalized.
select
  account_id,
  case when not is_blank(contact_id) then contact_id end as contact_id,
  emails
from input_contacts
