-- What is withheld to protect small groups: one row per account with a small row, one in which
-- fewer than $min_people of ours, but not nobody, take part in its mail or in its meetings. Months
-- and weeks of such an account are withheld. with_year: so is the year, because it is small itself,
-- or because it would give a month or week away: the only one of its level, or one of so many that
-- each can hold but one message or meeting. No rows where $min_people is 1.
select
  profile.account_no,
  level."CustomerId",
  bool_or(
    case when "AggregationLevel" = 'year' then has_small else periods = 1 or messages_and_meetings <= periods end
  ) as with_year
from (
  select
    "CustomerId",
    "AggregationLevel",
    count(*) as periods,
    sum(
      "NoOfEmails_ToAccount" + "NoOfEmails_FromAccount" + "NoOfMeetings_FromAccount" + "NoOfMeetings_ToAccount"
    ) as messages_and_meetings,
    bool_or(
      "NoOfContactsInvolved_Emails" between 1 and $min_people - 1
      or "NoOfContactsInvolved_Meetings" between 1 and $min_people - 1
    ) as has_small
  from office_measure
  where $min_people > 1
  group by "CustomerId", "AggregationLevel"
) as level
join profile on profile.account_id = level."CustomerId"
group by profile.account_no, level."CustomerId"
having bool_or(has_small)
