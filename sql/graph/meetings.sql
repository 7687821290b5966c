-- One row per row of the CalendarView exports, in the canonical columns of meetings. Event exports work too;
-- their series masters are not meetings. start_at and end_at are UTC. A flag that is absent is null, which
-- counts as false.
-- mailbox is null: the export contains only the Entra id of the mailbox (holder_id), and whether its owner
-- declined (holder_declined). meeting_copy looks up the address, because it depends on the listed mailboxes.
select
  graph_text("iCalUId") as meeting_id,
  graph_text("organizer", 'emailAddress.address') as organizer,
  graph_attendees("attendees") as attendees,
  graph_attendees("attendees", 'declined') as declined,
  cast(null as varchar) as mailbox,
  graph_time(graph_text("start", 'dateTime'), graph_text("start", 'timeZone')) as start_at,
  graph_time(graph_text("end", 'dateTime'), graph_text("end", 'timeZone')) as end_at,
  lower(graph_text("isCancelled")) = 'true' as is_cancelled,
  lower(graph_text("isAllDay")) = 'true' as is_all_day,
  lower(trim(graph_text("type"))) = 'seriesmaster' as is_series_master,
  lower(graph_text("rowinformation", 'isUserSummaryRow')) = 'true'
    or graph_text("rowinformation", 'errorInformation') is not null as is_summary_row,
  graph_text("puser") as holder_id,
  lower(trim(graph_text("responseStatus", 'response'))) = 'declined' as holder_declined
from graph_meetings
