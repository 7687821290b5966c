-- The columns that cannot be read in rows of users or groups, and in how many rows.
select 'column' as kind, unreadable_column as value, count(*) as rows
from graph_row
where unreadable_column is not null
group by unreadable_column
