-- One row per retained as-of date: the number of engaged accounts, messages and meetings. The last two are
-- null where the run suppresses numbers. Dates that another enrichment has published are left out.
select
  "AsOfDate",
  "AccountsEngaged",
  "MessagesEngaged",
  "MeetingsEngaged"
from overview_of_each_date
where "Enrichment" = $enrichment
