-- One row per company, source (mail, meetings) and address, of the used rows. address_key is the id_hash of the
-- address.
with known_holder as (
  select entra_id, address
  from holder
  where $has_holders
),
mail as (
  select people_by_domain(
    known_address_book.book,
    company_book.book,
    disposition = 'used',
    sender,
    mailbox,
    "to",
    cc,
    bcc,
    case when mailbox is null then known_holder.address end
  ) as people
  from known_address_book
  cross join company_book
  cross join (known_holder right join stg_mail on stg_mail.holder_id = known_holder.entra_id)
),
meetings as (
  select people_by_domain(
    known_address_book.book,
    company_book.book,
    disposition = 'used',
    organizer,
    mailbox,
    attendees,
    declined,
    case when mailbox is null then known_holder.address end
  ) as people
  from known_address_book
  cross join company_book
  cross join (known_holder right join stg_meeting on stg_meeting.holder_id = known_holder.entra_id)
)
select
  person['account_no'] as company_no,
  person['address_key'] as address_key
from (
  select unnest(people) as person from mail
  union all
  select unnest(people) as person from meetings
) as company_person
