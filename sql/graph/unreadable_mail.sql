-- What cannot be read in rows of mail, and in how many rows: a column ('column'), or the form of a time ('time').
-- Rows are counted only if their disposition follows from it. The form of a time says nothing about a person if the
-- column contains something else.
select 'column' as kind, unreadable_column as value, count(*) as rows
from graph_row
where not coalesce(is_summary_row, false)
  and not is_blank(message_id)
  and sent_at is not null
  and unreadable_column is not null
group by unreadable_column
union all
select 'time' as kind, text_form(unreadable_time) as value, count(*) as rows
from graph_row
where not coalesce(is_summary_row, false)
  and not is_blank(message_id)
  and sent_at is null
  -- Exports contain 0001-01-01 for a missing time.
  and not starts_with(trim(unreadable_time), '0001-01-01')
group by text_form(unreadable_time)
