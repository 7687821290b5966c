-- Copies merged: one row per message (message_key) and, without a key, one per disposition for all
-- rows that take no part. copies counts rows of the input; used_days are the days of those used.
-- A copy without a conversation adds none: a thread of its own holds no reply.
select
  message_key,
  disposition,
  count(*) as copies,
  min(sent_at) as sent_at,
  set_union(sent_on) filter (where disposition = 'used') as used_days,
  set_union(senders) as senders,
  set_union(recipients) as recipients,
  set_union(conversation_key) as conversations
from mail_copy
group by message_key, disposition
