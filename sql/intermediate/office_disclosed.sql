-- Office without its score, as it may be published: office_measure with the numbers of what is
-- withheld null. One row per row of it, withheld or not. Everything published about accounts and
-- periods reads this view, the score too: whoever is withheld is not among those compared.
-- Where $min_people is 1, the engine sees from the conditions that nothing is to be decided row by row.
with withheld as (
  select "CustomerId", with_year
  from withheld_account
  where $min_people > 1
)
select
  "CustomerId",
  case when $min_people = 1 or not is_withheld then "NoOfEmails_ToAccount" end as "NoOfEmails_ToAccount",
  case when $min_people = 1 or not is_withheld then "NoOfEmails_FromAccount" end as "NoOfEmails_FromAccount",
  case when $min_people = 1 or not is_withheld then "NoOfMeetings_FromAccount" end as "NoOfMeetings_FromAccount",
  case when $min_people = 1 or not is_withheld then "NoOfMeetings_ToAccount" end as "NoOfMeetings_ToAccount",
  case when $min_people = 1 or not is_withheld then "NoOfContactsInvolved_Meetings" end as "NoOfContactsInvolved_Meetings",
  case when $min_people = 1 or not is_withheld then "NoOfContactsInvolved_Emails" end as "NoOfContactsInvolved_Emails",
  case when $min_people = 1 or not is_withheld then "NoOfAccountContactsInvolved_Meetings" end as "NoOfAccountContactsInvolved_Meetings",
  case when $min_people = 1 or not is_withheld then "NoOfAccountContactsInvolved_Emails" end as "NoOfAccountContactsInvolved_Emails",
  case when $min_people = 1 or not is_withheld then "EngagementStartDate" end as "EngagementStartDate",
  case when $min_people = 1 or not is_withheld then "DaysSinceLastEmail" end as "DaysSinceLastEmail",
  case when $min_people = 1 or not is_withheld then "DaysSinceLastMeeting" end as "DaysSinceLastMeeting",
  case when $min_people = 1 or not is_withheld then "AverageDuration_Of_Meetings" end as "AverageDuration_Of_Meetings",
  case when $min_people = 1 or not is_withheld then "AverageDuration_Of_AccountEmailReplies" end as "AverageDuration_Of_AccountEmailReplies",
  "AggregationStartDate",
  "AggregationLevel",
  is_withheld,
  is_engaged and ($min_people = 1 or not is_withheld) as is_engaged,
  case when $min_people = 1 or not is_withheld then recency end as recency,
  place
from (
  select
    measure.*,
    case
      when withheld."CustomerId" is null then false
      else "AggregationLevel" <> 'year' or withheld.with_year
    end as is_withheld
  from withheld
  right join office_measure as measure on measure."CustomerId" = withheld."CustomerId"
) as office
