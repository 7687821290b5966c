-- What cannot be read in rows of mail, and in how many rows: a column ('column'), or the form of a time ('time').
-- Rows are counted only if their disposition follows from it. In the form of a time, 0 stands for a digit and A for a
-- letter, so that it says nothing about a person if the column contains something else.
select 'column' as kind, unreadable_column as value, count(*) as rows
from graph_row
where not coalesce(is_summary_row, false)
  and not is_blank(message_id)
  and sent_at is not null
  and unreadable_column is not null
group by unreadable_column
union all
select 'time' as kind, form as value, count(*) as rows
from (
  select
    regexp_replace(
      regexp_replace(substr(trim(unreadable_time), 1, 40), '[[:alpha:]]', 'A', 'g'), '[[:digit:]]', '0', 'g'
    ) as form
  from graph_row
  where not coalesce(is_summary_row, false)
    and not is_blank(message_id)
    and sent_at is null
    -- Exports contain 0001-01-01 for a missing time.
    and not starts_with(trim(unreadable_time), '0001-01-01')
) as time
group by form
