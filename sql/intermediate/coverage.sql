-- One row: what the inputs cover of the window and of the mailboxes, and how many addresses accounts share.
-- days counts the local days (in $time_zone) with at least one used row of mail or meetings; first_on and
-- last_on are the first and the last of them, null if there are none. mailboxes_active
-- counts the mailboxes whose person sends, receives, organizes or attends in a used row. shared_addresses
-- counts the addresses that are contacts of several accounts.
select
  cast(cardinality(used.days) as bigint) as days,
  used.days[1] as first_on,
  used.days[-1] as last_on,
  (
    select count(*)
    from (
      select unnest(lookup_people(book, address)) as person_no
      -- Not a cross join with mailbox: the engine may put a large mailbox list on the left, and then joins it row by
      -- row.
      from (
        select address_book.book, unnest(listed.addresses) as address
        from address_book
        cross join (select array_agg(address) as addresses from mailbox) as listed
      ) as mailbox
    ) as listed
    where person_no in (
      select unnest(people_in_copies(copies)) as person_no
      from (select copies from mail_bucket union all select copies from meeting_bucket) as used
    )
  ) as mailboxes_active,
  (select shared_addresses(book) from address_book)
    - (select shared_addresses from domain_coverage) as shared_addresses
from (
  select set_union(used_days) as days
  from (select used_days from mail_bucket union all select used_days from meeting_bucket) as used
) as used
