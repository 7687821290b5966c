-- Two as-of dates side by side: one row per account of either, with the numbers of its CustomerCard at both and
-- their differences. Numbers are null where they are suppressed, and at a date at which the account was not in
-- the profile; then the difference is null, too.
select
  coalesce(later."CustomerId", earlier."CustomerId") as "CustomerId",
  coalesce(later."Name", earlier."Name") as "Name",
  cast($from_date as date) as "FromDate",
  cast($to_date as date) as "ToDate",
  earlier."EngagementScore" as "EngagementScore_From",
  later."EngagementScore" as "EngagementScore_To",
  later."EngagementScore" - earlier."EngagementScore" as "EngagementScore_Change",
  earlier."Emails" as "Emails_From",
  later."Emails" as "Emails_To",
  later."Emails" - earlier."Emails" as "Emails_Change",
  earlier."Meetings" as "Meetings_From",
  later."Meetings" as "Meetings_To",
  later."Meetings" - earlier."Meetings" as "Meetings_Change"
from (select * from "CustomerCard_AllDates" where "AsOfDate" = cast($from_date as date)) as earlier
full join (select * from "CustomerCard_AllDates" where "AsOfDate" = cast($to_date as date)) as later
  on later."CustomerId" = earlier."CustomerId"
