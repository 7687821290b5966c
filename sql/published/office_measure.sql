-- office_measure as it can be had from what is published: engaged is who has people in a message
-- or meeting of the period.
select
  *,
  "NoOfContactsInvolved_Meetings" > 0 or "NoOfContactsInvolved_Emails" > 0 as is_engaged,
  least("DaysSinceLastEmail", "DaysSinceLastMeeting") as recency
from (select * except ("EngagementScore") from "Office") as office
