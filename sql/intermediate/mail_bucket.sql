-- One row per bucket of messages, and one with a null bucket for the rows that are not relevant. copies is
-- one packed buffer with the relevant copies of the bucket's messages. dispositions is a list of structs
-- (value, count): the input rows by disposition.
-- unused counts the used rows with a value that is not used.
-- used_days is the set of local days (in $time_zone) of the used rows.
-- Copies are hash-partitioned by message, so that one function call merges a whole bucket while it is in the
-- cache.
select
  bucket(message_key, is_relevant) as bucket,
  value_counts(disposition) as dispositions,
  count(*) filter (where has_unused) as unused,
  set_union(sent_on) filter (where is_used) as used_days,
  message_copies(message_key, sent_at, senders, recipients, conversation_id) filter (where is_relevant) as copies
from mail_copy
group by bucket(message_key, is_relevant)
