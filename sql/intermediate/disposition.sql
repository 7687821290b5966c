-- One row per source (mail, meetings, contacts, domains) and disposition that occurs; rows counts the input rows, unused
-- those of them that are used although a value of them is not: an address that is none, or a word that is not known. A
-- row of domains is a value in a domain column of the accounts.
select
  source,
  counted['value'] as disposition,
  cast(sum(counted['count']) as bigint) as rows,
  cast(sum(case when counted['value'] = 'used' then unused else 0 end) as bigint) as unused
from (
  select 'mail' as source, unnest(dispositions) as counted, unused from mail_bucket
  union all
  select 'meetings' as source, unnest(dispositions) as counted, unused from meeting_bucket
) as bucket
group by source, counted['value']
union all
select 'contacts' as source, disposition, rows, unused
from contact_disposition
union all
select 'domains' as source, disposition, count(*) as rows, 0 as unused
from account_domain
group by disposition
