-- Engaged messages: one row per account and message that went to or came from it.
-- to the account: one of ours sent it and one of the account's received it; from: the other way.
-- our_people and account_people are the people of both sides in it, as parties of the address book;
-- is_first marks one row of each message.
select
  message['account_no'] as account_no,
  message['message_key'] as message_key,
  message['sent_at'] as sent_at,
  local_date(message['sent_at'], $time_zone) as sent_on,
  message['conversations'] as conversations,
  message['to_account'] as to_account,
  message['from_account'] as from_account,
  message['our_people'] as our_people,
  message['account_people'] as account_people,
  message['is_first'] as is_first
from (
  select unnest(engaged_messages(address_book.book, copies)) as message
  from address_book
  cross join mail_bucket
) as engaged
