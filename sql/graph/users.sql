-- One row per user and address of the User exports, in the canonical columns of users; an address can repeat.
-- Addresses are mail, userPrincipalName and the proxy addresses that begin with smtp: in any case. Other
-- proxy addresses, such as SPO: or X500:, are not mail addresses.
with person as (
  select
    graph_text("id") as entra_id,
    graph_text("mail") as mail,
    graph_text("userPrincipalName") as user_principal_name,
    graph_texts("proxyAddresses") as proxy_addresses
  from graph_users
  where graph_text("rowinformation", 'errorInformation') is null
    and coalesce(lower(graph_text("rowinformation", 'isUserSummaryRow')), 'false') <> 'true'
),
address as (
  select entra_id, unnest(make_array(mail, user_principal_name)) as email
  from person
  union all
  select entra_id, email
  from (select entra_id, unnest(proxy_addresses) as email from person) as proxy
  where starts_with(lower(trim(email)), 'smtp:')
)
select email, entra_id
from address
where email is not null
