-- GroupDetails and GroupMembers exports: one row per row, a group or a member of one.
-- group_id is null in the row of a group.
select
  graph_text("id") as id,
  case
    when graph_text("pObjectId") is null and graph_text("groupTypes") is null and graph_text("mailEnabled") is null
      then graph_text("puser")
  end as group_id,
  coalesce(graph_text("mail"), graph_text("userPrincipalName")) as email,
  graph_texts("proxyAddresses") as proxy_addresses
from graph_groups
where graph_text("rowinformation", 'errorInformation') is null
  and coalesce(lower(graph_text("rowinformation", 'isUserSummaryRow')), 'false') <> 'true'
