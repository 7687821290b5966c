-- One row per address of a group and direct member, in the canonical columns of groups. A group without
-- members has one row per address, with a null member_email.
-- member_email is not normalized: it may hold several addresses.
-- The addresses of a group are its mail address (or userPrincipalName) and its smtp: proxy addresses. A
-- member without an address, such as a nested group, gets the smallest address known for its id among groups
-- and users. If none is known, member_email is the id in angle brackets, which is not an address, so that the member
-- can be counted. For the same reason, the members of a group that is not there have its id in angle brackets as
-- group_email, or `<>` if no group is named; so has a group without an id.
with group_address as (
  select id, email
  from graph_group_record
  where is_group
    and email is not null
  union
  select id, email
  from (
    select id, is_group, unnest(string_to_array(replace(proxies, ',', ';'), ';')) as email
    from (select id, is_group, unnest(proxy_addresses) as proxies from graph_group_record) as text
  ) as proxy
  where is_group
    and starts_with(lower(trim(email)), 'smtp:')
),
known_address as (
  select id, min(normalize_address(email)) as email
  from (
    select id, email from group_address
    union all
    select lower(btrim(entra_id, ' {}')) as id, email from input_users
  ) as known
  where normalize_address(email) is not null
  group by id
),
member as (
  select
    record.group_id,
    case
      when cardinality(addresses(record.email)) > 0 then record.email
      else coalesce(known_address.email, concat('<', record.id, '>'))
    end as email
  from graph_group_record as record
  left join known_address on known_address.id = record.id
  where not record.is_group
)
select
  group_address.email as group_email,
  member.email as member_email
from group_address
left join member on member.group_id = group_address.id
union all
select
  concat('<', member.group_id, '>') as group_email,
  member.email as member_email
from member
left join (select distinct id from graph_group_record where is_group) as known on known.id = member.group_id
where known.id is null
union all
select
  '<>' as group_email,
  cast(null as varchar) as member_email
from graph_group_record
where is_group
  and id is null
