-- One row per row of the meetings input: who is known in it. meeting_key is null unless the copy
-- is used and at least one of its addresses, of those who declined too, is ours or a contact's.
with meeting as (
  select
    meeting_id,
    start_at,
    end_at,
    held_on,
    is_cancelled,
    disposition,
    parties(address_book.book, organizer) as organizers,
    parties(address_book.book, attendees, mailbox) as attendees,
    parties(address_book.book, declined) as declined
  from address_book
  cross join stg_meeting
)
select
  disposition,
  held_on,
  case when is_relevant then id_hash(meeting_id) end as meeting_key,
  case when is_relevant then start_at end as start_at,
  end_at,
  is_cancelled,
  case when is_relevant then organizers end as organizers,
  case when is_relevant then attendees end as attendees,
  case when is_relevant then declined end as declined
from (
  select
    *,
    disposition = 'used'
      and (cardinality(organizers) > 0 or cardinality(attendees) > 0 or cardinality(declined) > 0) as is_relevant
  from meeting
) as copy
