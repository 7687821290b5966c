-- One row per disposition that occurs in the contacts input; rows counts its rows.
-- A materialized view of its own, so that the rows of contact are released before mail is read.
select disposition, count(*) as rows
from contact
group by disposition
