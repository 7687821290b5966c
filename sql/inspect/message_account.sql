-- One row per account and engaged message: a message to or from the account. sent_at is UTC, sent_on is its
-- day in $time_zone.
-- to_account: an internal person sent it and a person of the account received it. from_account: the reverse.
-- internal_people and account_people are sorted lists of person numbers of the address book. is_first is true
-- in exactly one row of each message, is_only if no other account is engaged in it.
-- For inspection: no run computes this view. credit_messages() computes the same engagements per bucket.
select
  message['account_no'] as account_no,
  message['message_key'] as message_key,
  message['sent_at'] as sent_at,
  local_date(message['sent_at'], $time_zone) as sent_on,
  message['conversations'] as conversations,
  message['to_account'] as to_account,
  message['from_account'] as from_account,
  message['internal_people'] as internal_people,
  message['account_people'] as account_people,
  message['is_first'] as is_first,
  message['is_only'] as is_only
from (
  select unnest(list_engaged_messages(address_book.book, copies)) as message
  from address_book
  cross join mail_bucket
) as engaged
-- If $min_people is 1, no copy outside of the window is merged.
where $min_people = 1
  or local_date(message['sent_at'], $time_zone) between cast($first_day as date) and cast($as_of as date)
