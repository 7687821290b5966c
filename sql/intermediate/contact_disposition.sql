-- One row per disposition that occurs in the contacts input; rows counts its rows, unused those of them that are used
-- although a part of an email cell is not an address.
-- A materialized view of its own, so that the rows of contact are released before mail is read.
select
  disposition,
  count(*) as rows,
  count(*) filter (where has_unused) as unused
from contact
group by disposition
