-- The rows of a published table at each retained as-of date, and at the published one. Dates that another
-- enrichment has published are left out, and those of which a killed change has left a part.
select
  "AsOfDate",
  * except ("AsOfDate")
from rows_of_each_date
where "AsOfDate" in (select "AsOfDate" from overview_of_each_date where "Enrichment" = $enrichment)
