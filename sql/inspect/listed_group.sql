-- One row per listed address that is a group. mailboxes counts the mailboxes that the group resolves to; it
-- can be 0.
-- For inspection: no run computes this view. `engagement check` reads it.
select
  stg_mailbox.address as group_address,
  count(mailbox_source.address) as mailboxes
from stg_mailbox
left join mailbox_source on mailbox_source.listed_address = stg_mailbox.address
where exists (select 1 from stg_group where stg_group.group_address = stg_mailbox.address)
group by stg_mailbox.address
