-- One row per source (mail, meetings, contacts) and disposition that occurs; rows counts the input rows.
select source, counted['value'] as disposition, cast(sum(counted['count']) as bigint) as rows
from (
  select 'mail' as source, unnest(dispositions) as counted from mail_bucket
  union all
  select 'meetings' as source, unnest(dispositions) as counted from meeting_bucket
) as bucket
group by source, counted['value']
union all
select 'contacts' as source, disposition, rows
from contact_disposition
