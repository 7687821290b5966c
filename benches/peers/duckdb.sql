-- Computes Office in DuckDB, statement by statement. with_duckdb.py sets the variables and creates the macro
-- day_of. Instants are microseconds. Simplifications in favour of DuckDB: ids are 64-bit hashes (the contract
-- requires 128 bits), and cases that the generated data does not contain are not handled (a blank id begins
-- with a space; a sender with an @ is an address).

-- The address that normalize_address gives, for all spellings that occur in the generated data.
create macro bare(raw) as lower(trim(
  case when ends_with(raw, '>') then substr(raw, strpos(raw, '<') + 1, length(raw) - strpos(raw, '<') - 1)
    else substr(raw, strpos(raw, ':') + 1) end,
  e' \t\'"'));

create macro address_of(raw) as case when regexp_full_match(bare(raw), '[^@\s,;<>"]+@[^@\s,;<>"]+') then bare(raw) end;

-- Internal addresses: listed ones, the members of listed groups, and the other addresses of both.
create temp table directory as
select address_of(email) as address, min(entra_id) as entra_id
from read_parquet(getvariable('users'))
where address_of(email) is not null
group by all;

create temp table ours as
with recursive member as (
  select address_of(group_email) as team, address_of(member_email) as address
  from read_parquet(getvariable('groups'))
),
reached(address) as (
  select unnest(getvariable('listed'))
  union
  select member.address from reached join member on member.team = reached.address where member.address is not null
),
listed as (
  select address, entra_id
  from reached left join directory using (address)
  where address not in (select team from member where team is not null)
),
own as (
  select address, entra_id from listed
  union
  select address, entra_id from directory where entra_id in (select entra_id from listed)
)
select address, dense_rank() over (order by coalesce(entra_id, address))::int as person
from own;

create temp table profile as
select account_id, (row_number() over (order by account_id) - 1)::int as account
from (select distinct accountid as account_id from read_parquet(getvariable('accounts')));

create temp table contact as
select account, address, dense_rank() over (order by account, person)::int as person
from (
  select account, address, coalesce(min(contact_id), any_value(address)) as person
  from (
    select parentcustomerid as account_id, nullif(trim(contactid), '') as contact_id,
      address_of(unnest([emailaddress1, emailaddress2])) as address
    from read_parquet(getvariable('contacts'))
  ) join profile using (account_id)
  where address is not null and address not in (select address from ours)
  group by account, address
);

-- An address is a number, so that lists contain integers: contacts from 1 up, internal ones from -1 down.
create temp table number as
select address, row_number() over ()::int as number from (select distinct address from contact)
union all
select address, -row_number() over ()::int from ours;

create temp table contact_party as select number, account, person from contact join number using (address);

create temp table our_party as select number, person from ours join number using (address);

-- Every address of every copy, scanned column by column: its file and row, and whether it is a sender (1)
-- or a recipient (2).
create macro spelled(name) as table
select (file_index::bigint << 32) + file_row_number as copy, 1::utinyint as role, sender as raw from read_parquet(name)
union all
select (file_index::bigint << 32) + file_row_number, 2, mailbox from read_parquet(name)
union all
select (file_index::bigint << 32) + file_row_number, 2, unnest("to") from read_parquet(name)
union all
select (file_index::bigint << 32) + file_row_number, 2, unnest(cc) from read_parquet(name)
union all
select (file_index::bigint << 32) + file_row_number, 2, unnest(bcc) from read_parquet(name);

-- There are few different spellings, so each is parsed once.
create temp table spelling as
with spelling as (
  select raw from spelled(getvariable('mail')) where raw is not null
  union select organizer from read_parquet(getvariable('meetings'))
  union select mailbox from read_parquet(getvariable('meetings'))
  union select unnest(attendees) from read_parquet(getvariable('meetings'))
  union select unnest(declined) from read_parquet(getvariable('meetings'))
)
select raw, coalesce(plain.number, bare.number) as number
from spelling
left join number as plain on plain.address = raw
left join number as bare on bare.address = case when plain.number is null then bare(raw) end
where plain.number is not null or bare.number is not null;

create temp table known as
select copy, role, number from spelled(getvariable('mail')) join spelling using (raw);

create temp table used as
select
  (file_index::bigint << 32) + file_row_number as copy,
  hash(message_id) as message,
  case when conversation_id > '!' then hash(conversation_id) end as conversation,
  epoch_us(sent_at) as instant
from read_parquet(getvariable('mail'))
where message_id > '!'
  and sent_at >= make_timestamptz(getvariable('window_begin')) and sent_at < make_timestamptz(getvariable('window_end'))
  and contains(sender, '@')
  and not coalesce(is_draft, false) and not coalesce(is_automatic, false);

-- People of accounts in messages, then the internal people in the same messages.
create temp table theirs as
select message, account, person, bit_or(role) as roles
from known join used using (copy) join contact_party using (number)
where number > 0
group by all;

delete from used where message not in (select message from theirs);

create temp table ours_in as
select message, person, bit_or(role) as roles
from known join used using (copy) join our_party using (number)
where number < 0
group by all;

drop table known;

create temp table engaged as
with message as (select message, min(instant) as instant from used group by all),
our_side as (select message, bit_or(roles) as roles from ours_in group by all),
their_side as (select message, account, bit_or(roles) as roles from theirs group by all)
select message, account, instant, day_of(instant) as day,
  ours.roles & 1 = 1 and theirs.roles & 2 = 2 as to_account,
  theirs.roles & 1 = 1 and ours.roles & 2 = 2 as from_account
from their_side as theirs join our_side as ours using (message) join message using (message)
where (ours.roles & 1 = 1 and theirs.roles & 2 = 2) or (theirs.roles & 1 = 1 and ours.roles & 2 = 2);

-- Replies: at the last earlier instant of the conversation, a message was sent to the account.
create temp table reply as
with conversation as (
  select message, conversation from used where conversation is not null group by all
),
instant as (
  select account, conversation, instant, bool_or(to_account) as asked, list(message) filter (where from_account) as answers
  from engaged join conversation using (message)
  group by all
),
following as (
  select account, instant, answers, instant - lag(instant) over earlier as took, lag(asked) over earlier as asked
  from instant
  window earlier as (partition by account, conversation order by instant)
)
select account, day_of(instant) as day, min(took) as took
from (
  select account, instant, took, unnest(answers) as message
  from following
  where asked and took <= getvariable('reply_limit')
)
group by account, instant, message;

create temp table email_people as
select distinct account, day, true as is_ours, ours_in.person
from engaged join ours_in using (message)
union all
select distinct account, day, false, theirs.person
from engaged join theirs using (message, account);

drop table theirs;

drop table ours_in;

drop table used;

-- Meetings. There are few, so they are processed row by row.
create temp table meeting as
with copy as (
  select row_number() over () as copy, * from read_parquet(getvariable('meetings'))
  where meeting_id > '!' and start_at is not null and end_at is not null and contains(organizer, '@')
    and not coalesce(is_series_master, false) and not coalesce(is_all_day, false) and end_at >= start_at
    and epoch_us(start_at) >= getvariable('window_begin') and epoch_us(start_at) < getvariable('window_end')
),
spelled as (
  select copy, 1 as role, organizer as raw from copy
  union all select copy, 2, unnest(attendees) from copy
  union all select copy, 2, mailbox from copy
  union all select copy, 4, unnest(declined) from copy
),
known as (select copy, role, number from spelled join spelling using (raw)),
party as (
  select number, -1 as account, person from our_party union all select number, account, person from contact_party
),
took_part as (
  select hash(meeting_id) as meeting, epoch_us(start_at) as start, account, person, bit_or(role) as roles
  from known join copy using (copy) join party using (number)
  group by all
),
meeting as (
  select hash(meeting_id) as meeting, epoch_us(start_at) as start, max(epoch_us(end_at)) - any_value(epoch_us(start_at)) as took
  from copy
  group by all
  having not bool_or(coalesce(is_cancelled, false))
)
select meeting, start, day_of(start) as day, took, account, person, roles & 1 = 1 as organized
from took_part join meeting using (meeting, start)
where roles & 1 = 1 or roles & 6 = 2;

create temp table met as
with ours as (select meeting, start, bool_or(organized) as organized from meeting where account < 0 group by all),
theirs as (
  select meeting, start, account, any_value(day) as day, any_value(took) as took, bool_or(organized) as organized
  from meeting
  where account >= 0
  group by all
)
select meeting, start, account, day, took, ours.organized as to_account, theirs.organized as from_account
from theirs join ours using (meeting, start);

create temp table meeting_people as
select distinct met.account, met.day, meeting.account < 0 as is_ours, person
from met join meeting on meeting.meeting = met.meeting and meeting.start = met.start
  and meeting.account in (-1, met.account);

-- Days are merged to periods: the year, months, and weeks from Monday.
create temp table account_day as
select account, day,
  sum(emails) as emails, sum(emails_to) as emails_to, sum(emails_from) as emails_from,
  sum(meetings) as meetings, sum(meetings_to) as meetings_to, sum(meetings_from) as meetings_from,
  sum(meeting_micros) as meeting_micros, sum(replies) as replies, sum(reply_micros) as reply_micros
from (
  select account, day, count(*) as emails, count(*) filter (where to_account) as emails_to,
    count(*) filter (where from_account) as emails_from
  from engaged group by all
  union all by name
  select account, day, count(*) as meetings, count(*) filter (where to_account) as meetings_to,
    count(*) filter (where from_account) as meetings_from, sum(took) as meeting_micros
  from met group by all
  union all by name
  select account, day, count(*) as replies, sum(took) as reply_micros from reply group by all
)
group by all;

create temp table calendar as
select day, level,
  case level
    when 'year' then getvariable('first_day')
    when 'month' then date_trunc('month', date)::date
    else date_trunc('week', date)::date
  end as start
from (select distinct day, date '1970-01-01' + day as date from account_day)
cross join (select unnest(['year', 'month', 'week']) as level);

create temp table people as
with people as (
  select account, day, is_ours, false as met, person from email_people
  union all
  select account, day, is_ours, true, person from meeting_people
),
different as (select distinct account, level, start, is_ours, met, person from people join calendar using (day))
select account, level, start,
  count(*) filter (where is_ours and met) as our_meeting_people,
  count(*) filter (where is_ours and not met) as our_email_people,
  count(*) filter (where not is_ours and met) as account_meeting_people,
  count(*) filter (where not is_ours and not met) as account_email_people
from different
group by all;

create temp table period as
with period as (
  select account, level, start, min(day) as first_day,
    max(day) filter (where emails > 0) as last_email, max(day) filter (where meetings > 0) as last_meeting,
    sum(emails_to) as emails_to, sum(emails_from) as emails_from,
    sum(meetings) as meetings, sum(meetings_to) as meetings_to, sum(meetings_from) as meetings_from,
    sum(meeting_micros) as meeting_micros, sum(replies) as replies, sum(reply_micros) as reply_micros
  from account_day join calendar using (day)
  group by all
),
dated as (
  select *,
    least(getvariable('as_of'), case level
      when 'year' then getvariable('as_of')
      when 'month' then last_day(start)
      else start + 6
    end) - date '1970-01-01' as last_day,
    min(first_day) over (partition by account) as engaged_from,
    max(last_email) over so_far as email_on,
    max(last_meeting) over so_far as meeting_on
  from period
  window so_far as (partition by account, level order by start)
)
select *, last_day - email_on as email_days, last_day - meeting_on as meeting_days,
  row_number() over () as row
from dated join people using (account, level, start);

-- How often each value occurs in a period, and from this how many accounts have at most this value.
create temp table score as
with measure as (
  unpivot (
    select row, level, start,
      coalesce(emails_to, 0)::bigint as NoOfEmails_ToAccount,
      coalesce(emails_from, 0)::bigint as NoOfEmails_FromAccount,
      coalesce(meetings_from, 0)::bigint as NoOfMeetings_FromAccount,
      coalesce(meetings_to, 0)::bigint as NoOfMeetings_ToAccount,
      our_meeting_people::bigint as NoOfContactsInvolved_Meetings,
      our_email_people::bigint as NoOfContactsInvolved_Emails,
      account_meeting_people::bigint as NoOfAccountContactsInvolved_Meetings,
      account_email_people::bigint as NoOfAccountContactsInvolved_Emails,
      -least(email_days, meeting_days)::bigint as recency
    from period
  ) on columns(* exclude (row, level, start)) into name measure value value
),
occurrence as (select level, start, measure, value, count(*) as rows from measure group by all),
standing as (
  select level, start, measure, value, sum(rows) over (partition by level, start, measure order by value) as standing
  from occurrence
),
engaged as (select level, start, count(*) as accounts from period group by all)
select row, sum(weight * standing)::double / any_value(accounts) as score
from measure
join standing using (level, start, measure, value)
join engaged using (level, start)
join (select unnest(getvariable('weights'), recursive := true)) as weight using (measure)
where value > 0 or measure = 'recency'
group by row;

copy (
  select
    account_id as CustomerId,
    coalesce(score, 0) as EngagementScore,
    coalesce(emails_to, 0)::bigint as NoOfEmails_ToAccount,
    coalesce(emails_from, 0)::bigint as NoOfEmails_FromAccount,
    coalesce(meetings_from, 0)::bigint as NoOfMeetings_FromAccount,
    coalesce(meetings_to, 0)::bigint as NoOfMeetings_ToAccount,
    coalesce(our_meeting_people, 0)::bigint as NoOfContactsInvolved_Meetings,
    coalesce(our_email_people, 0)::bigint as NoOfContactsInvolved_Emails,
    coalesce(account_meeting_people, 0)::bigint as NoOfAccountContactsInvolved_Meetings,
    coalesce(account_email_people, 0)::bigint as NoOfAccountContactsInvolved_Emails,
    date '1970-01-01' + engaged_from as EngagementStartDate,
    email_days::bigint as DaysSinceLastEmail,
    meeting_days::bigint as DaysSinceLastMeeting,
    case when meetings > 0 then meeting_micros::double / (meetings * 60000000)::double end as AverageDuration_Of_Meetings,
    case when replies > 0 then reply_micros::double / (replies * 60000000)::double end
      as AverageDuration_Of_AccountEmailReplies,
    coalesce(start, getvariable('first_day')) as AggregationStartDate,
    coalesce(level, 'year') as AggregationLevel
  from profile left join period using (account) left join score using (row)
) to (getvariable('office')) (format parquet);
