-- account_day merged upward: one row per account, level and period with engagement.
-- level is year (the whole window), month or week (from Monday); period_start is the period's
-- first day, even where it lies before the window, period_end its last, at most $as_of.
-- first_on is the account's first day with engagement, last_email_on and last_meeting_on the last
-- up to period_end. Year and month are always here, because the customer card needs them.
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
  period['our_email_people'] as our_email_people,
  period['account_email_people'] as account_email_people,
  period['our_meeting_people'] as our_meeting_people,
  period['account_meeting_people'] as account_meeting_people
from (
  select unnest(account_periods(days, cast($first_day as date), cast($as_of as date))) as period
  from account_bucket
) as account_period
where period['level'] <> 'week' or array_has($levels, 'week')
