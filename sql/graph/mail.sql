-- One row per row of the Message, Inbox and SentItem exports, in the canonical columns of mail. sent_at is
-- UTC. A flag that is absent is null, which counts as false.
-- mailbox is null: the export contains only the Entra id of the mailbox (holder_id). mail_copy looks up the
-- address, because it depends on the listed mailboxes.
select
  graph_text("internetMessageId") as message_id,
  conversation_thread(graph_text("conversationIndex"), graph_text("conversationId")) as conversation_id,
  coalesce(graph_time("sentDateTime"), graph_time("receivedDateTime")) as sent_at,
  coalesce(graph_text("from", 'emailAddress.address'), graph_text("sender", 'emailAddress.address')) as sender,
  graph_texts("toRecipients", 'emailAddress.address') as "to",
  graph_texts("ccRecipients", 'emailAddress.address') as cc,
  graph_texts("bccRecipients", 'emailAddress.address') as bcc,
  cast(null as varchar) as mailbox,
  lower(graph_text("isDraft")) = 'true' as is_draft,
  -- Invitations and their answers are eventMessage, eventMessageRequest, ...
  contains(lower(graph_text("ODataType")), 'eventmessage')
    or is_auto_submitted("internetMessageHeaders") as is_automatic,
  lower(graph_text("rowinformation", 'isUserSummaryRow')) = 'true'
    or graph_text("rowinformation", 'errorInformation') is not null as is_summary_row,
  graph_text("puser") as holder_id
from graph_mail
