-- One row per as-of date that is kept: how many accounts were engaged, and in how much.
select
  "AsOfDate",
  "AccountsEngaged",
  "MessagesEngaged",
  "MeetingsEngaged"
from overview_of_each_date
