-- The published Office, as office_measure is in a session over the inputs: suppressed is what has no
-- score, engaged is an account with people in a message or meeting of the period.
select
  * except ("EngagementScore"),
  "EngagementScore" is null as is_suppressed,
  coalesce("NoOfContactsInvolved_Meetings" > 0 or "NoOfContactsInvolved_Emails" > 0, false) as is_engaged
from "Office"
