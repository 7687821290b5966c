-- All mail, dealt out: one row per bucket of messages, and one for the rows that take no part (bucket is
-- null). copies holds the relevant copies of the bucket's messages; dispositions counts rows of the
-- input, used_days are the days of those used.
select
  bucket(message_key, is_relevant) as bucket,
  value_counts(disposition) as dispositions,
  set_union(sent_on) filter (where is_used) as used_days,
  message_copies(message_key, sent_at, senders, recipients, conversation_id) filter (where is_relevant) as copies
from mail_copy
group by bucket(message_key, is_relevant)
