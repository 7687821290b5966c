-- The history of the customer card: one row per account of the profile and calendar month, the last twelve
-- months up to the month of $as_of, including months without activity. Month is the first day of the month,
-- in $time_zone. Emails and Meetings are null if the account is suppressed, and in months before the window.
select
  "CustomerId",
  "Month",
  "Emails",
  "Meetings"
from customercard_history_sorted
