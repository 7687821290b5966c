-- What cannot be read in rows of meetings, and in how many rows: a column ('column'), the form of a time
-- ('time'), or the name of a zone ('zone'). Rows are counted only if their disposition follows from it. The form of a
-- time says nothing about a person if the column contains something else.
with missing_time as (
  select unreadable_time, unknown_zone
  from graph_row
  where not coalesce(is_summary_row, false)
    and not is_blank(meeting_id)
    and (start_at is null or end_at is null)
)
select 'column' as kind, unreadable_column as value, count(*) as rows
from graph_row
where not coalesce(is_summary_row, false)
  and not is_blank(meeting_id)
  and start_at is not null
  and end_at is not null
  and unreadable_column is not null
group by unreadable_column
union all
select 'time' as kind, text_form(unreadable_time) as value, count(*) as rows
from missing_time
-- Exports contain 0001-01-01 for a missing time.
where not starts_with(trim(unreadable_time), '0001-01-01')
group by text_form(unreadable_time)
union all
select 'zone' as kind, zone as value, count(*) as rows
from (
  -- Text that contains an address instead of a zone is shown by its form.
  select
    case
      when contains(unknown_zone, '@')
        then text_form(unknown_zone)
      else substr(trim(unknown_zone), 1, 60)
    end as zone
  from missing_time
  where unknown_zone is not null
) as named
group by zone
