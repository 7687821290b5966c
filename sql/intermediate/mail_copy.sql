-- One row per row of the mail input: who is known in it. A copy is relevant if it is used and at
-- least one of its addresses is ours or a contact's; only such copies are merged.
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
    parties(
      address_book.book,
      mailbox,
      "to",
      cc,
      bcc,
      case when mailbox is null then known_holder.address end
    ) as recipients
  from address_book
  cross join (known_holder right join stg_mail on stg_mail.holder_id = known_holder.entra_id)
)
select
  disposition,
  id_hash(message_id) as message_key,
  conversation_id,
  sent_at,
  sent_on,
  senders,
  recipients,
  disposition = 'used' as is_used,
  disposition = 'used' and anybody(senders, recipients) as is_relevant
from mail
