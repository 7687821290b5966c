-- The accounts whose small groups are protected: one row per account with a small row, one in which 1 to
-- $min_people - 1 internal people take part in its mail or in its meetings. Quarters, months and weeks of such
-- an account are suppressed. with_year is true if the year is suppressed, too: it is small itself, or a quarter,
-- month or week could be derived from it. This is so if the account has only one quarter (or month, or week), or
-- at most as many engaged messages and meetings as quarters (or months, or weeks). Each message and each meeting
-- counts once, also if it is both to and from the account, or organized by a third party.
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
    sum(emails + meetings) as messages_and_meetings,
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
