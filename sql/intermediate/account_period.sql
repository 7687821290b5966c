-- One row per account, level and period with engagement. Dates are local days in $time_zone; meeting_micros
-- and reply_micros are in microseconds; the columns of people count distinct people.
-- level is year (the whole window), month or week (from Monday). period_start is the first day of the period,
-- even if it is before the window. period_end is its last day, at most $as_of. first_on is the account's
-- first day with engagement in the window. last_email_on and last_meeting_on are the last days with an
-- engaged message or meeting up to period_end; null if there are none.
-- year and month are always present, because the customer card needs them. week is present only if $levels
-- contains it.
select
  period['account_no'] as account_no,
  period['level'] as level,
  period['period_start'] as period_start,
  period['period_end'] as period_end,
  period['first_on'] as first_on,
  period['last_email_on'] as last_email_on,
  period['last_meeting_on'] as last_meeting_on,
  period['emails_to'] as emails_to,
  period['emails_from'] as emails_from,
  period['meetings'] as meetings,
  period['meetings_to'] as meetings_to,
  period['meetings_from'] as meetings_from,
  period['meeting_micros'] as meeting_micros,
  period['replies'] as replies,
  period['reply_micros'] as reply_micros,
  period['internal_email_people'] as internal_email_people,
  period['account_email_people'] as account_email_people,
  period['internal_meeting_people'] as internal_meeting_people,
  period['account_meeting_people'] as account_meeting_people
from (
  select unnest(account_periods(days, cast($first_day as date), cast($as_of as date))) as period
  from account_days
) as account_period
where period['level'] <> 'week' or array_has($levels, 'week')
