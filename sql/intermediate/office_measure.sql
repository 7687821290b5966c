-- Office without its score, as it may be published: one row per account and period with engagement, and
-- a row for the year of every other account of the profile. Averages are minutes, days are local.
-- If $min_people is above 1, numbers of internal people are rounded down to a multiple of it: those of a year, its
-- quarters and months are about the same people, and the difference of two of them can be one person.
-- A suppressed account has its year row only, and every number of it is null (is_suppressed): also that there is
-- a row of a month is a number. Scores compare only the other accounts.
-- is_engaged: the account has an engaged message or meeting in the period, and is not suppressed.
-- If $min_people is 1, the engine sees from the conditions that nothing is to be decided row by row.
-- sort_key is in the order of level, account and period.
with suppressed as (
  select account_no
  from suppressed_account
  where $min_people > 1
)
select
  account_id as "CustomerId",
  case when $min_people = 1 or not is_suppressed then coalesce(emails_to, 0) end as "NoOfEmails_ToAccount",
  case when $min_people = 1 or not is_suppressed then coalesce(emails_from, 0) end as "NoOfEmails_FromAccount",
  case when $min_people = 1 or not is_suppressed then coalesce(meetings_from, 0) end as "NoOfMeetings_FromAccount",
  case when $min_people = 1 or not is_suppressed then coalesce(meetings_to, 0) end as "NoOfMeetings_ToAccount",
  case
    when $min_people = 1 then coalesce(internal_meeting_people, 0)
    when not is_suppressed then coalesce(internal_meeting_people, 0) / $min_people * $min_people
  end as "NoOfContactsInvolved_Meetings",
  case
    when $min_people = 1 then coalesce(internal_email_people, 0)
    when not is_suppressed then coalesce(internal_email_people, 0) / $min_people * $min_people
  end as "NoOfContactsInvolved_Emails",
  case when $min_people = 1 or not is_suppressed then coalesce(account_meeting_people, 0) end as "NoOfAccountContactsInvolved_Meetings",
  case when $min_people = 1 or not is_suppressed then coalesce(account_email_people, 0) end as "NoOfAccountContactsInvolved_Emails",
  case when $min_people = 1 or not is_suppressed then first_on end as "EngagementStartDate",
  case when $min_people = 1 or not is_suppressed then cast(period_end - last_email_on as bigint) end as "DaysSinceLastEmail",
  case when $min_people = 1 or not is_suppressed then cast(period_end - last_meeting_on as bigint) end as "DaysSinceLastMeeting",
  case when ($min_people = 1 or not is_suppressed) and meetings > 0 then cast(meeting_micros as double) / cast(meetings * 60000000 as double) end
    as "AverageDuration_Of_Meetings",
  case when ($min_people = 1 or not is_suppressed) and replies > 0 then cast(reply_micros as double) / cast(replies * 60000000 as double) end
    as "AverageDuration_Of_AccountEmailReplies",
  start_on as "AggregationStartDate",
  level as "AggregationLevel",
  is_suppressed,
  has_engagement and ($min_people = 1 or not is_suppressed) as is_engaged,
  sort_key(level, account_no, start_on) as sort_key
from (
  select
    profile.account_id,
    profile.account_no,
    period.account_no is not null as has_engagement,
    $min_people > 1 and suppressed.account_no is not null as is_suppressed,
    coalesce(period.level, 'year') as level,
    coalesce(period.period_start, cast($first_day as date)) as start_on,
    period.* except (account_no, level, period_start)
  -- The small tables are joined first, to one row per account.
  from profile
  left join suppressed on suppressed.account_no = profile.account_no
  left join account_period as period on period.account_no = profile.account_no
) as account
where $min_people = 1 or level = 'year' or not is_suppressed
