-- What the inputs cover of the window and of the mailboxes, and what accounts share: one row.
-- days counts the days with at least one used row of mail or meetings; a mailbox is active if its
-- person stands in a used row; shared_addresses counts the addresses of contacts of several accounts.
select
  (
    select cast(cardinality(set_union(used_days)) as bigint)
    from (select used_days from mail_bucket union all select used_days from meeting_bucket) as used
  ) as days,
  (
    select count(*)
    from (
      select unnest(parties(address_book.book, mailbox.address)) as party
      from address_book
      cross join mailbox
    ) as listed
    where party in (
      select unnest(copies_people(copies)) as party
      from (select copies from mail_bucket union all select copies from meeting_bucket) as used
    )
  ) as mailboxes_active,
  (select shared_addresses(book) from address_book) as shared_addresses
