-- One row per row of the CalendarView exports, in the canonical columns of meetings. Event exports work too;
-- their series masters are not meetings. start_at and end_at are UTC. A flag that is absent is null, which
-- counts as false.
-- mailbox is null: the export contains only the Entra id of the mailbox (holder_id), and whether its owner
-- declined (holder_declined). meeting_copy looks up the address, because it depends on the listed mailboxes.
-- unreadable_column is the first column whose value is there and cannot be read; null if there is none.
-- unreadable_time is the text of a time that cannot be read, unknown_zone the name of a zone that is not
-- known. A run does not compute these two, because only unreadable_meetings.sql reads them.
-- unknown_words are the columns, with commas between them, whose value is there and is none of the known words; null
-- if there is none.
with event as (
  select
    *,
    -- A time may be text instead of an object.
    coalesce(
      graph_text("start", 'dateTime'),
      case when not graph_is_object("start") then graph_text("start") end
    ) as start_text,
    graph_text("start", 'timeZone') as start_zone,
    coalesce(
      graph_text("end", 'dateTime'),
      case when not graph_is_object("end") then graph_text("end") end
    ) as end_text,
    graph_text("end", 'timeZone') as end_zone,
    graph_unknown_words("attendees") as words_of_attendees,
    case
      when lower(trim(graph_text("type"))) not in ('singleinstance', 'occurrence', 'exception', 'seriesmaster')
        then 'type'
    end as word_of_type,
    case
      when lower(trim(graph_text("responseStatus", 'response'))) not in (
        'none', 'organizer', 'tentativelyaccepted', 'accepted', 'declined', 'notresponded'
      )
        then 'responseStatus'
      when graph_is_object("responseStatus") and not graph_is_object("responseStatus", 'response') then 'responseStatus'
    end as word_of_response,
    case when substr(trim(graph_text("puser")), 1, 1) in ('{', '[') then 'puser' end as word_of_puser
  from graph_meetings
)
select
  graph_text("iCalUId") as meeting_id,
  graph_address("organizer") as organizer,
  graph_attendees("attendees") as attendees,
  graph_attendees("attendees", 'declined') as declined,
  cast(null as varchar) as mailbox,
  graph_time(start_text, start_zone) as start_at,
  graph_time(end_text, end_zone) as end_at,
  lower(graph_text("isCancelled")) in ('true', '1') as is_cancelled,
  lower(graph_text("isAllDay")) in ('true', '1') as is_all_day,
  lower(trim(graph_text("type"))) = 'seriesmaster' as is_series_master,
  lower(trim(graph_text("rowinformation", 'isUserSummaryRow'))) in ('true', '1')
    or lower(trim(graph_text("rowinformation", 'errorInformation'))) not in ('null', 'none', '{}', '[]', 'false')
    as is_summary_row,
  graph_text("puser") as holder_id,
  lower(trim(graph_text("responseStatus", 'response'))) = 'declined' as holder_declined,
  first_true(
    "organizer" is not null and graph_address("organizer") is null and graph_addresses("organizer") is null, 'organizer',
    "attendees" is not null
      and (graph_attendees("attendees") is null or graph_attendees("attendees", 'declined') is null), 'attendees',
    -- A zone under another name would be taken for UTC.
    start_zone is null and graph_has_other_key("start", 'dateTime,timeZone'), 'start',
    end_zone is null and graph_has_other_key("end", 'dateTime,timeZone'), 'end',
    lower(graph_text("isCancelled")) not in ('true', 'false', '1', '0'), 'isCancelled',
    lower(graph_text("isAllDay")) not in ('true', 'false', '1', '0'), 'isAllDay',
    "responseStatus" is not null
      and graph_text("responseStatus", 'response') is null
      and not graph_is_object("responseStatus"), 'responseStatus',
    "rowinformation" is not null
      and graph_text("rowinformation", 'isUserSummaryRow') is null
      and graph_text("rowinformation", 'errorInformation') is null
      and (
        not graph_is_object("rowinformation")
        or graph_has_other_key(
          "rowinformation", 'isUserSummaryRow,errorInformation,userReturnedNoData,userHasCompleteData'
        )
      ), 'rowinformation',
    null
  ) as unreadable_column,
  case
    when graph_time(start_text) is null then start_text
    when graph_time(end_text) is null then end_text
  end as unreadable_time,
  case
    when graph_time(start_text) is not null and graph_time(start_text, start_zone) is null then start_zone
    when graph_time(end_text) is not null and graph_time(end_text, end_zone) is null then end_zone
  end as unknown_zone,
  case
    when coalesce(words_of_attendees, word_of_type, word_of_response, word_of_puser) is not null
      then concat_ws(',', words_of_attendees, word_of_type, word_of_response, word_of_puser)
  end as unknown_words
from event
