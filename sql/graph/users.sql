-- One row per user and address of the User exports, in the canonical columns of users; an address can repeat.
-- A user without mail and userPrincipalName has one more row, with a null email, so that this user can be counted.
-- Addresses are mail, userPrincipalName and the proxy addresses that begin with smtp: in any case. Other
-- proxy addresses, such as SPO: or X500:, are not mail addresses. One text may hold several proxy addresses.
select
  unnest(
    case
      when mail is null or user_principal_name is null then make_array(coalesce(mail, user_principal_name))
      else make_array(mail, user_principal_name)
    end
  ) as email,
  entra_id
from graph_user_record
union all
select email, entra_id
from (
  select entra_id, unnest(string_to_array(replace(proxies, ',', ';'), ';')) as email
  from (select entra_id, unnest(proxy_addresses) as proxies from graph_user_record) as text
) as proxy
where starts_with(lower(trim(email)), 'smtp:')
