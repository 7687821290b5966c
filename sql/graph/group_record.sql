-- One row per row of the GroupDetails and GroupMembers exports, without summary rows and error rows: a group,
-- or a member of a group. group_id is the id of the member's group; it is null in the row of a group.
-- Only GroupDetails rows have pObjectId, groupTypes or mailEnabled. A row with none of them is a member, and
-- its puser is the id of the group.
-- unreadable_column is the column whose value is there and cannot be read; null if there is none.
select
  graph_text("id") as id,
  case
    when graph_text("pObjectId") is null and graph_text("groupTypes") is null and graph_text("mailEnabled") is null
      then graph_text("puser")
  end as group_id,
  coalesce(graph_text("mail"), graph_text("userPrincipalName")) as email,
  graph_texts("proxyAddresses") as proxy_addresses,
  case
    when "proxyAddresses" is not null and graph_texts("proxyAddresses") is null then 'proxyAddresses'
  end as unreadable_column
from graph_groups
where graph_text("rowinformation", 'errorInformation') is null
  and coalesce(lower(graph_text("rowinformation", 'isUserSummaryRow')), 'false') not in ('true', '1')
