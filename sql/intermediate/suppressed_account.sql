-- The accounts whose small groups are protected: one row per account with a small row, one in which 1 to
-- $min_people - 1 internal people take part in its mail or in its meetings. Months and weeks of such an
-- account are suppressed. with_year is true if the year is suppressed, too: it is small itself, or a month or
-- week could be derived from it. This is so if the account has only one month (or week), or if its four
-- counts (emails and meetings, to and from) add up to at most the number of its months (or weeks).
-- There are no rows if $min_people is 1.
select
  account_no,
  bool_or(
    case when level = 'year' then has_small else periods = 1 or messages_and_meetings <= periods end
  ) as with_year
from (
  select
    account_no,
    level,
    count(*) as periods,
    sum(emails_to + emails_from + meetings_from + meetings_to) as messages_and_meetings,
    bool_or(
      internal_email_people between 1 and $min_people - 1
      or internal_meeting_people between 1 and $min_people - 1
    ) as has_small
  from account_period
  where $min_people > 1
  group by account_no, level
) as account_level
group by account_no
having bool_or(has_small)
