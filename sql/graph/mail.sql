-- Message, Inbox and SentItem exports: one row per row. mailbox is not known yet, only whose it is.
select
  graph_text("internetMessageId") as message_id,
  conversation_thread(graph_text("conversationIndex"), graph_text("conversationId")) as conversation_id,
  coalesce(graph_time("sentDateTime"), graph_time("receivedDateTime")) as sent_at,
  coalesce(graph_text("from", 'emailAddress.address'), graph_text("sender", 'emailAddress.address')) as sender,
  graph_texts("toRecipients", 'emailAddress.address') as "to",
  graph_texts("ccRecipients", 'emailAddress.address') as cc,
  graph_texts("bccRecipients", 'emailAddress.address') as bcc,
  cast(null as varchar) as mailbox,
  coalesce(lower(graph_text("isDraft")) = 'true', false) as is_draft,
  -- Invitations and their answers are eventMessage, eventMessageRequest, ...
  coalesce(contains(lower(graph_text("ODataType")), 'eventmessage'), false)
    or is_auto_submitted("internetMessageHeaders") as is_automatic,
  coalesce(lower(graph_text("rowinformation", 'isUserSummaryRow')) = 'true', false)
    or graph_text("rowinformation", 'errorInformation') is not null as is_summary_row,
  graph_text("puser") as holder_id
from graph_mail
