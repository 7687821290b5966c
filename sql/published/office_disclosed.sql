-- office_disclosed as it can be had from what is published: withheld is what has no score, engaged
-- who has people in a message or meeting of the period.
select
  *,
  coalesce("NoOfContactsInvolved_Meetings" > 0 or "NoOfContactsInvolved_Emails" > 0, false) as is_engaged,
  least("DaysSinceLastEmail", "DaysSinceLastMeeting") as recency
from (
  select
    * except ("EngagementScore"),
    "EngagementScore" is null as is_withheld
  from "Office"
) as office
