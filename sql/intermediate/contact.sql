-- One row per row of the contacts input, with its disposition: the first that applies.
select
  contact_row,
  case
    when bool_or(is_without_account) then 'missing_account'
    when count(address) = 0 then 'invalid_email'
    when min(account_no) is null then 'unknown_account'
    when count(address) filter (where not is_own) = 0 then 'own_mailbox'
    else 'used'
  end as disposition
from contact_email
group by contact_row
