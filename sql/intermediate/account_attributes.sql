-- One row per account with attributes: those of one of its rows in the accounts input. Of several rows, the one
-- with the smallest name is taken, then the one with the smallest attributes in their order; null is the largest.
select account_id, attributes
from (
  select
    account_id,
    attributes,
    row_number() over (
      partition by account_id
      order by name asc nulls last, order_key(attributes) asc nulls last
    ) as position
  from stg_account_attributes
) as account_row
where position = 1
