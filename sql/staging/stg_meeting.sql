-- One row per row of the meetings input, with its disposition: the first that applies.
-- start_at and end_at are UTC, held_on is the day of start_at in $time_zone.
with meeting as (
  select
    meeting_id,
    organizer,
    attendees,
    declined,
    mailbox,
    start_at,
    end_at,
    local_date(start_at, $time_zone) as held_on,
    is_cancelled,
    is_all_day,
    is_series_master,
    is_summary_row,
    holder_id,
    holder_declined
  from input_meetings
)
select
  meeting_id,
  organizer,
  attendees,
  declined,
  mailbox,
  holder_id,
  holder_declined,
  start_at,
  end_at,
  held_on,
  coalesce(is_cancelled, false) as is_cancelled,
  case
    when is_summary_row then 'summary_row'
    when is_blank(meeting_id) then 'missing_id'
    when start_at is null or end_at is null then 'missing_time'
    when not is_address(organizer) then 'invalid_organizer'
    when is_series_master then 'series_master'
    when is_all_day then 'all_day'
    when end_at < start_at then 'ends_before_start'
    when held_on between cast($first_day as date) and cast($as_of as date) then 'used'
    else 'outside_window'
  end as disposition
from meeting
