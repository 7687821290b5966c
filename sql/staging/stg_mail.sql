-- One row per row of the mail input, with its disposition: the first that applies. sent_at is UTC, sent_on is
-- its day in $time_zone.
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
    unreadable_column,
    unknown_words,
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
  unknown_words,
  first_true(
    is_summary_row, 'summary_row',
    is_blank(message_id), 'missing_id',
    sent_at is null, 'missing_time',
    unreadable_column is not null, 'unreadable',
    not is_address(sender), 'invalid_sender',
    is_draft, 'draft',
    is_automatic, 'automatic',
    sent_on between cast($first_day as date) and cast($as_of as date), 'used',
    'outside_window'
  ) as disposition
from mail
