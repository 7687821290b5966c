-- The listed addresses that are groups: one row per group, with the number of mailboxes it leads to,
-- which can be none.
select
  stg_mailbox.address as group_address,
  count(mailbox_source.address) as mailboxes
from stg_mailbox
left join mailbox_source on mailbox_source.listed_address = stg_mailbox.address
where exists (select 1 from stg_group where stg_group.group_address = stg_mailbox.address)
group by stg_mailbox.address
