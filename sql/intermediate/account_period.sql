-- One row per account, level and period with engagement. Dates are local days in $time_zone; meeting_micros
-- and reply_micros are in microseconds; the columns of people count distinct people.
-- level is year (the whole window), quarter (three calendar months, counted from month $fiscal_year_start),
-- month or week (from Monday). period_start is the first day of the period, even if it is before the window.
-- period_end is its last day, at most $as_of. first_on is the account's first day with engagement in the
-- window. last_email_on and last_meeting_on are the last days with an engaged message or meeting up to
-- period_end; null if there are none.
-- emails and meetings count each engaged message and meeting once. emails_to and emails_from both count a
-- message that is in both directions; meetings_to and meetings_from likewise, and neither counts a meeting
-- that a third party organizes.
-- year and month are always present, because the customer card needs them. quarter and week are present only
-- if $levels contains them.
select
  period['account_no'] as account_no,
  period['level'] as level,
  period['period_start'] as period_start,
  period['period_end'] as period_end,
  period['first_on'] as first_on,
  period['last_email_on'] as last_email_on,
  period['last_meeting_on'] as last_meeting_on,
  period['emails'] as emails,
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
  select
    unnest(account_periods(
      days,
      cast($first_day as date),
      cast($as_of as date),
      array_concat(['year', 'month'], cast($levels as varchar[])),
      $fiscal_year_start
    )) as period
  from account_days
) as account_period
