-- One row per row of the mail input: who is known in it. message_key is null unless the copy is
-- used and at least one of its addresses is ours or a contact's; only such copies are merged.
-- A mailbox that is known only by its holder's Entra id is looked up; where no input is like that
-- ($has_holders is false), nothing is joined.
with known_holder as (
  select entra_id, address
  from holder
  where $has_holders
),
mail as (
  select
    message_id,
    conversation_id,
    sent_at,
    sent_on,
    disposition,
    parties(address_book.book, sender) as senders,
    parties(address_book.book, "to", cc, bcc, coalesce(mailbox, known_holder.address)) as recipients
  from address_book
  cross join (known_holder right join stg_mail on stg_mail.holder_id = known_holder.entra_id)
)
select
  disposition,
  sent_on,
  sent_at,
  case when is_relevant then id_hash(message_id) end as message_key,
  case when is_relevant and not is_blank(conversation_id) then id_hash(conversation_id) end as conversation_key,
  case when is_relevant then senders end as senders,
  case when is_relevant then recipients end as recipients
from (
  select
    *,
    disposition = 'used' and (cardinality(senders) > 0 or cardinality(recipients) > 0) as is_relevant
  from mail
) as copy
