-- What became of the rows of the contacts input: one row per disposition that occurs.
select disposition, count(*) as rows
from contact
group by disposition
