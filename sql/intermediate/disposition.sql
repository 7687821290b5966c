-- What became of the rows of the inputs: one row per source and disposition that occurs.
select 'mail' as source, disposition, cast(sum(rows) as bigint) as rows
from mail_bucket
group by disposition
union all
select 'meetings' as source, disposition, cast(sum(rows) as bigint) as rows
from meeting_bucket
group by disposition
union all
select 'contacts' as source, disposition, rows
from contact_disposition
