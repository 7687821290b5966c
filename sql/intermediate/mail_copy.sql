-- One row per row of the mail input. senders and recipients are sorted lists of the person numbers of the
-- known people. sent_at is UTC, sent_on is its day in $time_zone.
-- A copy is relevant if it is used and at least one of its addresses is internal or a contact. Only relevant
-- copies are merged. If $min_people is above 1, copies outside of the window are relevant, too: a message then has the
-- time of the earliest of all its copies, in whatever window it is looked at.
-- has_unused says that a used row has a value that is not used: an item of a list that is not an address, or a word
-- that is not known.
-- A copy of a Graph export has only the Entra id of its mailbox (holder_id), whose address is looked up in
-- holder. If no input is an export, $has_holders is false, and the optimizer removes the join.
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
    lookup_people(address_book.book, sender) as senders,
    lookup_people(
      address_book.book,
      mailbox,
      "to",
      cc,
      bcc,
      case when mailbox is null then known_holder.address end
    ) as recipients,
    count_no_address(mailbox, "to", cc, bcc) > 0 or unknown_words is not null as has_unused
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
  (disposition = 'used' or $min_people > 1 and disposition = 'outside_window' and sent_on is not null)
    and has_people(senders, recipients) as is_relevant,
  disposition = 'used' and has_unused as has_unused
from mail
