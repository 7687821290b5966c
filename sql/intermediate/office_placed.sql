-- The rows of Office and more columns than it has: the place of each in its order too (see
-- office_measure).
select *
from office_scored
where array_has($levels, "AggregationLevel")
