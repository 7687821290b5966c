-- One row per row of the GroupDetails and GroupMembers exports, without summary rows and error rows: a group
-- (is_group), or a member of a group. group_id is the id of the member's group.
-- Only rows of groups have groupTypes or mailEnabled; in GroupDetails, pObjectId is the id of the group itself. In
-- GroupMembers rows, pObjectId (in others puser) is the id of the group, and id that of the member.
-- Identifiers are GUIDs, which have one meaning in any case and with braces: they are in lower case, without braces.
-- unreadable_column is the column whose value is there and cannot be read; null if there is none.
with record as (
  select
    lower(btrim(graph_text("id"), ' {}')) as id,
    lower(btrim(graph_text("pObjectId"), ' {}')) as object_id,
    lower(btrim(graph_text("puser"), ' {}')) as holder_id,
    graph_text("groupTypes") is not null or graph_text("mailEnabled") is not null as has_details,
    ends_with(lower(graph_text("ODataType")), '.user') as is_user,
    coalesce(graph_text("mail"), graph_text("userPrincipalName")) as email,
    graph_texts("proxyAddresses") as proxy_addresses,
    case
      when "proxyAddresses" is not null and graph_texts("proxyAddresses") is null then 'proxyAddresses'
    end as unreadable_column
  from graph_groups
  where coalesce(lower(trim(graph_text("rowinformation", 'errorInformation'))) in ('null', 'none', '{}', '[]', 'false'), true)
    and coalesce(lower(trim(graph_text("rowinformation", 'isUserSummaryRow'))), 'false') not in ('true', '1')
)
select
  id,
  case
    when id is null then has_details
    -- A nested group can have them, too.
    when has_details and coalesce(replace(object_id, '-', '') = replace(id, '-', ''), true) then true
    when is_user then false
    else coalesce(object_id = id, holder_id is null)
  end as is_group,
  -- Nobody is a member of itself.
  coalesce(nullif(object_id, id), nullif(holder_id, id)) as group_id,
  email,
  proxy_addresses,
  unreadable_column
from record
