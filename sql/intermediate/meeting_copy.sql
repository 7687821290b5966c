-- One row per row of the meetings input: who is known in it. A copy is relevant if it is used and at
-- least one of its addresses, of those who declined too, is ours or a contact's; only such copies
-- are merged.
-- A mailbox that is known only by its holder's Entra id is looked up; where no input is like that
-- ($has_holders is false), nothing is joined.
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
    parties(address_book.book, organizer) as organizers,
    parties(
      address_book.book,
      mailbox,
      attendees,
      case when mailbox is null then known_holder.address end
    ) as attendees,
    parties(
      address_book.book,
      declined,
      case when holder_declined then coalesce(mailbox, known_holder.address) end
    ) as declined
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
  disposition = 'used' and anybody(organizers, attendees, declined) as is_relevant
from meeting
