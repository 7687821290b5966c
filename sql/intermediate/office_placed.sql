-- The rows of Office and more columns than it has: the place of each in its order too (see
-- office_measure).
select *
from office_scored
-- With all three levels the engine sees that nothing is to be left out.
where cardinality($levels) = 3 or array_has($levels, "AggregationLevel")
