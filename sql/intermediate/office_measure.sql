-- Office without its score: one row per account and period, and a row for the year of every other
-- account of the profile. is_engaged: at least one engaged message or meeting in the period.
-- recency is the smaller of the days since the last email and meeting. Averages are minutes.
-- place is where the row stands in the order of level, account and period: one number, because that
-- is sorted in half the time of two texts and a date. There is room for 2^22 days, more than the
-- calendar has, of which the first are those by which a month can begin before the window.
select
  profile.account_id as "CustomerId",
  coalesce(period.emails_to, 0) as "NoOfEmails_ToAccount",
  coalesce(period.emails_from, 0) as "NoOfEmails_FromAccount",
  coalesce(period.meetings_from, 0) as "NoOfMeetings_FromAccount",
  coalesce(period.meetings_to, 0) as "NoOfMeetings_ToAccount",
  coalesce(period.our_meeting_people, 0) as "NoOfContactsInvolved_Meetings",
  coalesce(period.our_email_people, 0) as "NoOfContactsInvolved_Emails",
  coalesce(period.account_meeting_people, 0) as "NoOfAccountContactsInvolved_Meetings",
  coalesce(period.account_email_people, 0) as "NoOfAccountContactsInvolved_Emails",
  period.first_on as "EngagementStartDate",
  cast(period.period_end - period.last_email_on as bigint) as "DaysSinceLastEmail",
  cast(period.period_end - period.last_meeting_on as bigint) as "DaysSinceLastMeeting",
  case when period.meetings > 0 then cast(period.meeting_micros as double) / cast(period.meetings * 60000000 as double) end
    as "AverageDuration_Of_Meetings",
  case when period.replies > 0 then cast(period.reply_micros as double) / cast(period.replies * 60000000 as double) end
    as "AverageDuration_Of_AccountEmailReplies",
  coalesce(period.period_start, cast($first_day as date)) as "AggregationStartDate",
  coalesce(period.level, 'year') as "AggregationLevel",
  period.account_no is not null as is_engaged,
  cast(
    least(period.period_end - period.last_email_on, period.period_end - period.last_meeting_on) as bigint
  ) as recency,
  (
    case coalesce(period.level, 'year') when 'month' then 0 when 'week' then 1 else 2 end * 4294967296
    + profile.account_no
  ) * 4194304
  + coalesce(cast(period.period_start - cast($first_day as date) as bigint), 0) + 30 as place
from profile
left join account_period as period on period.account_no = profile.account_no
