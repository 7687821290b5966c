-- One row per row of the mail input, with its disposition: the first that applies.
-- sent_at is UTC, sent_on is the day in $time_zone.
with mail as (
  select
    message_id,
    conversation_id,
    sent_at,
    local_date(sent_at, $time_zone) as sent_on,
    sender,
    "to",
    cc,
    bcc,
    mailbox,
    is_draft,
    is_automatic,
    is_summary_row,
    holder_id
  from input_mail
)
select
  message_id,
  conversation_id,
  sent_at,
  sent_on,
  sender,
  "to",
  cc,
  bcc,
  mailbox,
  holder_id,
  case
    when is_summary_row then 'summary_row'
    when is_blank(message_id) then 'missing_id'
    when sent_at is null then 'missing_time'
    when not is_address(sender) then 'invalid_sender'
    when is_draft then 'draft'
    when is_automatic then 'automatic'
    when sent_on between cast($first_day as date) and cast($as_of as date) then 'used'
    else 'outside_window'
  end as disposition
from mail
