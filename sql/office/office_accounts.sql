-- The profile: one row per account, with the attributes that the enrichment file names. The column attributes
-- becomes one column for each of its fields.
select
  profile.account_id as "CustomerId",
  profile.name as "Name",
  account_attributes.attributes
from profile
left join account_attributes on account_attributes.account_id = profile.account_id
