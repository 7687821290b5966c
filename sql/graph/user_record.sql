-- One row per row of the User exports, without summary rows and error rows: a person.
-- unreadable_column is the column whose value is there and cannot be read; null if there is none.
select
  graph_text("id") as entra_id,
  graph_text("mail") as mail,
  graph_text("userPrincipalName") as user_principal_name,
  graph_texts("proxyAddresses") as proxy_addresses,
  case
    when "proxyAddresses" is not null and graph_texts("proxyAddresses") is null then 'proxyAddresses'
  end as unreadable_column
from graph_users
where coalesce(lower(trim(graph_text("rowinformation", 'errorInformation'))) in ('null', 'none', '{}', '[]', 'false'), true)
  and coalesce(lower(trim(graph_text("rowinformation", 'isUserSummaryRow'))), 'false') not in ('true', '1')
