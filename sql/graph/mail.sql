-- One row per row of the Message, Inbox and SentItem exports, in the canonical columns of mail. sent_at is
-- UTC. A flag that is absent is null, which counts as false.
-- mailbox is null: the export contains only the Entra id of the mailbox (holder_id). mail_copy looks up the
-- address, because it depends on the listed mailboxes.
-- unreadable_column is the first column whose value is there and cannot be read; null if there is none.
-- unreadable_time is the text of a time that cannot be read. A run does not compute it, because only
-- unreadable_mail.sql reads it.
-- unknown_words are the columns, with commas between them, whose value is there and is none of the known words; null
-- if there is none. A thread is not known if its index or id is there and cannot be decoded.
with message as (
  select
    *,
    conversation_thread(graph_text("conversationIndex"), graph_text("conversationId")) as thread,
    -- The type of a message, an invitation or an answer contains this word.
    case when not contains(lower(graph_text("ODataType")), 'message') then 'ODataType' end as word_of_type,
    case when substr(trim(graph_text("puser")), 1, 1) in ('{', '[') then 'puser' end as word_of_puser
  from graph_mail
)
select
  graph_text("internetMessageId") as message_id,
  thread as conversation_id,
  coalesce(
    graph_time("sentDateTime"),
    -- PowerShell writes a date as an object.
    graph_time(graph_text("sentDateTime", 'value')),
    -- A time that is there and cannot be read is not replaced by another one. Exports contain 0001-01-01, which .NET
    -- writes as /Date(-62135596800000)/, for a missing time.
    case
      when regexp_like(
        coalesce(graph_text("sentDateTime", 'value'), graph_text("sentDateTime"), ''),
        '^\s*(null|none|nan|\{\}|\[\]|0001-01-01.*|/Date\(-62135596800000.*)?\s*$', 'i'
      )
        then coalesce(graph_time("receivedDateTime"), graph_time(graph_text("receivedDateTime", 'value')))
    end
  ) as sent_at,
  coalesce(graph_address("from"), graph_address("sender")) as sender,
  graph_addresses("toRecipients") as "to",
  graph_addresses("ccRecipients") as cc,
  graph_addresses("bccRecipients") as bcc,
  cast(null as varchar) as mailbox,
  lower(graph_text("isDraft")) in ('true', '1') as is_draft,
  -- Invitations and their answers are eventMessage, eventMessageRequest, ...
  contains(lower(graph_text("ODataType")), 'eventmessage')
    or is_auto_submitted("internetMessageHeaders") as is_automatic,
  lower(trim(graph_text("rowinformation", 'isUserSummaryRow'))) in ('true', '1')
    or lower(trim(graph_text("rowinformation", 'errorInformation'))) not in ('null', 'none', '{}', '[]', 'false')
    as is_summary_row,
  graph_text("puser") as holder_id,
  first_true(
    "from" is not null and graph_address("from") is null and graph_addresses("from") is null, 'from',
    "sender" is not null
      and graph_address("from") is null
      and graph_address("sender") is null
      and graph_addresses("sender") is null, 'sender',
    "toRecipients" is not null and graph_addresses("toRecipients") is null, 'toRecipients',
    "ccRecipients" is not null and graph_addresses("ccRecipients") is null, 'ccRecipients',
    "bccRecipients" is not null and graph_addresses("bccRecipients") is null, 'bccRecipients',
    lower(graph_text("isDraft")) not in ('true', 'false', '1', '0'), 'isDraft',
    is_auto_submitted("internetMessageHeaders") is null, 'internetMessageHeaders',
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
    when starts_with(trim(graph_text("sentDateTime")), '0001-01-01')
      then coalesce(graph_text("receivedDateTime", 'value'), graph_text("receivedDateTime"))
    else coalesce(
      graph_text("sentDateTime", 'value'),
      graph_text("sentDateTime"),
      graph_text("receivedDateTime", 'value'),
      graph_text("receivedDateTime")
    )
  end as unreadable_time,
  case
    when word_of_type is not null
      or word_of_puser is not null
      or thread is null and coalesce(graph_text("conversationIndex"), graph_text("conversationId")) is not null
      then concat_ws(
        ',',
        word_of_type,
        word_of_puser,
        case
          when thread is not null then null
          when graph_text("conversationIndex") is not null then 'conversationIndex'
          when graph_text("conversationId") is not null then 'conversationId'
        end
      )
  end as unknown_words
from message
