-- CalendarView exports (and Event exports, whose series masters are no meetings): one row per row.
-- mailbox is not known yet, only whose it is and whether that person declined.
-- A flag that is absent is null, which is no.
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
