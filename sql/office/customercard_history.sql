-- The card's history: one row per account of the profile and calendar month, the last twelve up to
-- the month of $as_of, those without activity too. Month is the first day of the month.
-- Null where the months of the account are withheld.
select
  "CustomerId",
  "Month",
  "Emails",
  "Meetings"
from history_placed
