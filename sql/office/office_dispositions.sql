-- What became of the rows of the inputs: one row per source and disposition that occurs.
select 'mail' as source, disposition, cast(sum(copies) as bigint) as rows
from mail_merged
group by disposition
union all
select 'meetings' as source, disposition, cast(sum(copies) as bigint) as rows
from meeting_merged
group by disposition
union all
select 'contacts' as source, disposition, count(*) as rows
from contact
group by disposition
