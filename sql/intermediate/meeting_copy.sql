-- One row per row of the meetings input. organizers, attendees and declined are sorted lists of the person
-- numbers of the known people. start_at and end_at are UTC, held_on is the day of start_at in $time_zone.
-- A copy is relevant if it is used and at least one of its addresses, including those of people who declined,
-- is internal or a contact. Only relevant copies are merged.
-- has_unused says that a used row has a value that is not used: an item of a list that is not an address, or a word
-- that is not known.
-- A copy of a Graph export has only the Entra id of its mailbox (holder_id), whose address is looked up in
-- holder. If no input is an export, $has_holders is false, and the optimizer removes the join.
with known_holder as (
  select entra_id, address
  from holder
  where $has_holders
),
meeting as (
  select
    meeting_id,
    start_at,
    end_at,
    held_on,
    is_cancelled,
    disposition,
    lookup_people(address_book.book, organizer) as organizers,
    lookup_people(
      address_book.book,
      mailbox,
      attendees,
      case when mailbox is null then known_holder.address end
    ) as attendees,
    lookup_people(
      address_book.book,
      declined,
      case when holder_declined then coalesce(mailbox, known_holder.address) end
    ) as declined,
    count_no_address(mailbox, attendees, declined) > 0 or unknown_words is not null as has_unused
  from address_book
  cross join (known_holder right join stg_meeting on stg_meeting.holder_id = known_holder.entra_id)
)
select
  disposition,
  id_hash(meeting_id) as meeting_key,
  start_at,
  end_at,
  held_on,
  is_cancelled,
  organizers,
  attendees,
  declined,
  disposition = 'used' as is_used,
  disposition = 'used' and has_people(organizers, attendees, declined) as is_relevant,
  disposition = 'used' and has_unused as has_unused
from meeting
