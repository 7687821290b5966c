-- One row per account id of the contacts that is not in the profile, and difference that would have to be
-- ignored for the id to be in the profile: case, space (around the id), invisible (characters), apostrophe (in front),
-- brackets ({} or () around it), hyphens, decimals (a trailing .0), zeros (leading ones), salesforce (the last three of 18
-- characters) or several of these. difference is null if none of them would do.
-- For inspection. A run and `engagement check` read this view if an id is not in the profile.
with id as (
  select distinct account_id, true as is_unmatched
  from stg_contact
  where not is_blank(account_id)
    and account_id not in (select account_id from stg_account)
  union all
  select distinct account_id, false as is_unmatched
  from stg_account
),
spelled as (
  select
    account_id,
    is_unmatched,
    lower(account_id) as same_case,
    regexp_replace(account_id, '^\s+|\s+$', '', 'g') as no_space,
    regexp_replace(account_id, '\p{Cf}', '', 'g') as no_invisible,
    regexp_replace(account_id, '^''', '') as no_apostrophe,
    regexp_replace(account_id, '^[{(](.*)[)}]$', '\1') as no_brackets,
    replace(account_id, '-', '') as no_hyphens,
    regexp_replace(account_id, '^([0-9]+)[.]0+$', '\1') as no_decimals,
    regexp_replace(account_id, '^0+([0-9]+)$', '\1') as no_zeros,
    -- Only ids with a letter: whole numbers of 18 digits differ in their last three.
    case
      when regexp_like(account_id, '[A-Za-z]')
        then regexp_replace(account_id, '^([0-9A-Za-z]{15})[0-5A-Z]{3}$', '\1')
      else account_id
    end as short_id,
    lower(regexp_replace(account_id, '[-{}()''\s\p{Cf}]', '', 'g')) as plain
  from id
),
keyed as (
  select
    account_id,
    is_unmatched,
    unnest(make_array(
      concat('case ', same_case),
      concat('space ', no_space),
      concat('invisible ', no_invisible),
      concat('apostrophe ', no_apostrophe),
      concat('brackets ', no_brackets),
      concat('hyphens ', no_hyphens),
      concat('decimals ', no_decimals),
      concat('zeros ', no_zeros),
      concat('salesforce ', short_id),
      concat('several ', case
        when regexp_like(plain, '^[0-9]+([.]0+)?$') then regexp_replace(plain, '^0*([0-9]+)([.]0+)?$', '\1')
        when regexp_like(plain, '^[0-9a-z]{15}[0-5a-z]{3}$') then left(plain, 15)
        else plain
      end)
    )) as key
  from spelled
),
found as (
  select distinct wanted.account_id, split_part(wanted.key, ' ', 1) as difference
  from keyed as wanted
  join keyed as known on known.key = wanted.key
  where wanted.is_unmatched
    and not known.is_unmatched
)
select
  id.account_id,
  found.difference
from id
left join found on found.account_id = id.account_id
where id.is_unmatched
