-- One row per domain of an address of a used row that is neither internal nor a contact's.
with known_holder as (
  select entra_id, address
  from holder
  where $has_holders
),
seen as (
  select unnest(unknown_addresses(
    known_address_book.book,
    sender,
    mailbox,
    "to",
    cc,
    bcc,
    case when mailbox is null then known_holder.address end
  )) as address
  from known_address_book
  cross join (known_holder right join stg_mail on stg_mail.holder_id = known_holder.entra_id)
  where disposition = 'used'
  union all
  select unnest(unknown_addresses(
    known_address_book.book,
    organizer,
    mailbox,
    attendees,
    declined,
    case when mailbox is null then known_holder.address end
  )) as address
  from known_address_book
  cross join (known_holder right join stg_meeting on stg_meeting.holder_id = known_holder.entra_id)
  where disposition = 'used'
)
select distinct domain
from (select address_domain(address) as domain from seen) as seen_domain
where domain is not null
