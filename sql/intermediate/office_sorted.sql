-- The rows of Office of the levels that are published ($levels), with the columns of office_scored. They are
-- not sorted here: the writer sorts them by the column sort_key.
select *
from office_scored
where array_has($levels, "AggregationLevel")
