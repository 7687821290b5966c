-- One row per row of the meetings input, with its disposition: the first that applies. start_at and end_at
-- are UTC, held_on is the day of start_at in $time_zone.
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
    unreadable_column,
    unknown_words,
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
  unknown_words,
  start_at,
  end_at,
  held_on,
  coalesce(is_cancelled, false) as is_cancelled,
  first_true(
    is_summary_row, 'summary_row',
    is_blank(meeting_id), 'missing_id',
    start_at is null or end_at is null, 'missing_time',
    unreadable_column is not null, 'unreadable',
    not is_address(organizer), 'invalid_organizer',
    is_series_master, 'series_master',
    is_all_day, 'all_day',
    end_at < start_at, 'ends_before_start',
    held_on between cast($first_day as date) and cast($as_of as date), 'used',
    'outside_window'
  ) as disposition
from meeting
