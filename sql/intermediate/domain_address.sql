-- One row per account, source (mail, meetings) and address that the account knows by its domain, of the used rows.
-- address_key is the id_hash of the address, which identifies the person, too. There are no rows if no domain is
-- mapped: then the optimizer removes what reads the inputs.
-- Mail and meetings are read here and once more for their copies, because a person is numbered before the first
-- copy is. If $min_people is above 1, copies of mail outside of the window are read, too, because they are merged.
with known_holder as (
  select entra_id, address
  from holder
  where $has_holders
),
mail as (
  select people_by_domain(
    known_address_book.book,
    domain_book.book,
    disposition = 'used' or $min_people > 1 and disposition = 'outside_window' and sent_on is not null,
    sender,
    mailbox,
    "to",
    cc,
    bcc,
    case when mailbox is null then known_holder.address end
  ) as people
  from known_address_book
  cross join domain_book
  cross join (known_holder right join stg_mail on stg_mail.holder_id = known_holder.entra_id)
  where $has_domains
),
meetings as (
  select people_by_domain(
    known_address_book.book,
    domain_book.book,
    disposition = 'used',
    organizer,
    mailbox,
    attendees,
    declined,
    case when mailbox is null then known_holder.address end
  ) as people
  from known_address_book
  cross join domain_book
  cross join (known_holder right join stg_meeting on stg_meeting.holder_id = known_holder.entra_id)
  where $has_domains
)
select
  person['account_no'] as account_no,
  person['address_key'] as address_key
from (
  select unnest(people) as person from mail
  union all
  select unnest(people) as person from meetings
) as known_by_domain
