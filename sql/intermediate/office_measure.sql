-- Office without its score: one row per account and period with engagement, and a row for the year
-- of every other account of the profile. is_engaged: at least one engaged message or meeting in the
-- period.
-- recency is the smaller of the days since the last email and meeting. Averages are minutes.
-- place is where the row stands in the order of level, account and period: one number, because that
-- is sorted in half the time of two texts and a date. There is room for 2^22 days, more than the
-- calendar has, of which the first are those by which a month can begin before the window.
with period as (
  select
    account_no,
    level,
    period_start,
    period_end,
    first_on,
    last_email_on,
    last_meeting_on,
    emails_to,
    emails_from,
    meetings,
    meetings_to,
    meetings_from,
    meeting_micros,
    replies,
    reply_micros,
    our_email_people,
    account_email_people,
    our_meeting_people,
    account_meeting_people,
    true as is_engaged
  from account_period
  union all
  select
    account_no,
    'year' as level,
    cast($first_day as date) as period_start,
    cast($as_of as date) as period_end,
    null as first_on,
    null as last_email_on,
    null as last_meeting_on,
    0 as emails_to,
    0 as emails_from,
    0 as meetings,
    0 as meetings_to,
    0 as meetings_from,
    0 as meeting_micros,
    0 as replies,
    0 as reply_micros,
    0 as our_email_people,
    0 as account_email_people,
    0 as our_meeting_people,
    0 as account_meeting_people,
    false as is_engaged
  from profile
  where not exists (
    select 1 from account_period as year where year.level = 'year' and year.account_no = profile.account_no
  )
)
select
  profile.account_id as "CustomerId",
  emails_to as "NoOfEmails_ToAccount",
  emails_from as "NoOfEmails_FromAccount",
  meetings_from as "NoOfMeetings_FromAccount",
  meetings_to as "NoOfMeetings_ToAccount",
  our_meeting_people as "NoOfContactsInvolved_Meetings",
  our_email_people as "NoOfContactsInvolved_Emails",
  account_meeting_people as "NoOfAccountContactsInvolved_Meetings",
  account_email_people as "NoOfAccountContactsInvolved_Emails",
  first_on as "EngagementStartDate",
  cast(period_end - last_email_on as bigint) as "DaysSinceLastEmail",
  cast(period_end - last_meeting_on as bigint) as "DaysSinceLastMeeting",
  case when meetings > 0 then cast(meeting_micros as double) / cast(meetings * 60000000 as double) end
    as "AverageDuration_Of_Meetings",
  case when replies > 0 then cast(reply_micros as double) / cast(replies * 60000000 as double) end
    as "AverageDuration_Of_AccountEmailReplies",
  period_start as "AggregationStartDate",
  level as "AggregationLevel",
  is_engaged,
  cast(least(period_end - last_email_on, period_end - last_meeting_on) as bigint) as recency,
  (case level when 'month' then 0 when 'week' then 1 else 2 end * 4294967296 + profile.account_no) * 4194304
    + cast(period_start - cast($first_day as date) as bigint) + 30 as place
from profile
join period on period.account_no = profile.account_no
