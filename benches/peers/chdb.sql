-- Computes Office in ClickHouse (chDB), statement by statement. with_chdb.py sets {parameters} and creates
-- the function day_of. Instants are microseconds. Simplifications in favour of ClickHouse: ids are 64-bit
-- hashes (the contract requires 128 bits), and cases that the generated data does not contain are not
-- handled (a blank id begins with a space; a sender with an @ is an address).

-- The address that normalize_address gives, for all spellings that occur in the generated data.
create function bare as raw -> lower(trim(both ' \t\'"' from if(endsWith(raw, '>'),
  substring(raw, position(raw, '<') + 1, length(raw) - position(raw, '<') - 1), substring(raw, position(raw, ':') + 1))));

create function address_of as raw -> if(match(bare(raw), '^[^@\\s,;<>"]+@[^@\\s,;<>"]+$'), bare(raw), '');

-- Internal addresses: listed ones, the members of listed groups, and the other addresses of both.
create table directory engine = Memory as
select address_of(email) as address, min(entra_id) as entra_id
from file({users:String}, Parquet, 'email String, entra_id String')
where address_of(email) != ''
group by address;

create table member engine = Memory as
select address_of(group_email) as team, address_of(member_email) as address
from file({groups:String}, Parquet, 'group_email String, member_email String')
where team != '';

create table ours engine = Memory as
with recursive reached as (
  select arrayJoin({listed:Array(String)}) as address
  union all
  select member.address as address from reached join member on member.team = reached.address where member.address != ''
),
listed as (
  select distinct reached.address as address, directory.entra_id as entra_id
  from reached left join directory on directory.address = reached.address
  where address not in (select team from member)
),
own as (
  select address, entra_id from listed
  union distinct
  select address, entra_id from directory where entra_id in (select entra_id from listed where entra_id != '')
)
select address, dense_rank() over (order by if(entra_id = '', address, entra_id)) as person
from own
;

create table profile engine = Memory as
select accountid as account_id, toUInt32(row_number() over (order by accountid)) as account
from (select distinct accountid from file({accounts:String}, Parquet, 'accountid String'));

create table contact engine = Memory as
with contact as (
  select profile.account as account, address, if(max(contact_id) = '', address, minIf(contact_id, contact_id != '')) as person
  from (
    select parentcustomerid as account_id, trim(both ' ' from contactid) as contact_id,
      address_of(arrayJoin([emailaddress1, emailaddress2])) as address
    from file({contacts:String}, Parquet,
      'parentcustomerid String, contactid String, emailaddress1 String, emailaddress2 String')
  ) as row
  join profile on profile.account_id = row.account_id
  where address != '' and address not in (select address from ours)
  group by account, address
)
select account, address, dense_rank() over (partition by account order by person) as person
from contact;

-- One number contains the account and the person of an address: account << 12 | person, with account 0 for
-- internal people. An address of several accounts has the highest bit set and refers to a list.
create table party engine = Memory as
select address, toUInt32(person) as party from ours
union all
select address, toUInt32(bitShiftLeft(account, 12) + any(person)) from contact group by address, account;

create table shared engine = Memory as
select bitOr(2147483648, toUInt32(rowNumberInAllBlocks())) as code, address, parties
from (select address, groupArray(party) as parties from party group by address having count() > 1);

create table code engine = Memory as
select xxh3(address) as id, if(shared.code = 0, any(party.party), any(shared.code)) as code
from party left join shared on shared.address = party.address
group by party.address, shared.code;

create dictionary code_of (id UInt64, code UInt32) primary key id
source(clickhouse(table 'code')) layout(hashed()) lifetime(0);

create dictionary parties_of (code UInt64, parties Array(UInt32)) primary key code
source(clickhouse(table 'shared')) layout(hashed()) lifetime(0);

create function is_odd as raw -> endsWith(raw, '>') or startsWith(raw, ' ') or startsWith(raw, '\'')
  or startsWith(raw, 'SMTP:') or startsWith(raw, 'mailto:') or raw != lower(raw);

create function code as raw -> dictGet('code_of', 'code', xxh3(if(is_odd(raw), bare(raw), raw)));

create function parties as codes -> arrayFilter(party -> party != 0, if(arrayExists(code -> code >= 2147483648, codes),
  arrayFlatten(arrayMap(code -> if(code >= 2147483648, dictGet('parties_of', 'parties', code), [code]), codes)), codes));

-- Used copies: lists of addresses become lists of numbers, without a row per address.
create table copy engine = Memory as
select
  xxh3(message_id) as message,
  if(conversation_id > '!', xxh3(conversation_id), 0) as conversation,
  toUnixTimestamp64Micro(sent_at) as instant,
  code(sender) as sender,
  arrayConcat(arrayMap(raw -> code(raw), to), arrayMap(raw -> code(raw), cc), arrayMap(raw -> code(raw), bcc), [code(mailbox)])
    as recipients
from file({mail:String}, Parquet, 'message_id String, conversation_id String, sent_at DateTime64(6, \'UTC\'),
  sender String, to Array(String), cc Array(String), bcc Array(String), mailbox String, is_draft Bool, is_automatic Bool')
where message_id > '!' and not is_draft and not is_automatic and position(sender, '@') > 0
  and sent_at >= fromUnixTimestamp64Micro({window_begin:Int64}) and sent_at < fromUnixTimestamp64Micro({window_end:Int64});

create table engaged engine = Memory as
with relevant as (
  select message from copy where sender >= 4096 or arrayMax(recipients) >= 4096
),
merged as (
  select message, min(instant) as instant, arrayDistinct(groupArrayIf(conversation, conversation != 0)) as conversations,
    parties(arrayDistinct(groupArray(sender))) as senders, parties(arrayDistinct(groupArrayArray(recipients))) as recipients
  from copy
  where message in (select message from relevant)
  group by message
)
select message, instant, day_of(instant) as day, conversations,
  arrayFilter(party -> party < 4096, people) as ours,
  arrayJoin(arrayDistinct(arrayMap(party -> bitShiftRight(party, 12), arrayFilter(party -> party >= 4096, people)))) as account,
  arrayFilter(party -> bitShiftRight(party, 12) = account, people) as theirs,
  arrayExists(party -> party < 4096, senders) and arrayExists(party -> bitShiftRight(party, 12) = account, recipients) as to_account,
  arrayExists(party -> party < 4096, recipients) and arrayExists(party -> bitShiftRight(party, 12) = account, senders) as from_account
from (select *, arrayDistinct(arrayConcat(senders, recipients)) as people from merged)
where to_account or from_account;

drop table copy;

-- Replies: at the last earlier instant of the conversation, a message was sent to the account.
create table reply engine = Memory as
with instant as (
  select account, conversation, instant, max(to_account) as asked, groupArrayIf(message, from_account) as answers
  from (select account, arrayJoin(conversations) as conversation, instant, to_account, from_account, message from engaged)
  group by account, conversation, instant
),
following as (
  select account, instant, answers,
    instant - lagInFrame(instant) over earlier as took,
    lagInFrame(asked) over earlier as asked
  from instant
  window earlier as (partition by account, conversation order by instant rows between 1 preceding and current row)
)
select account, day_of(instant) as day, min(took) as took
from following array join answers as message
where asked and took <= {reply_limit:Int64}
group by account, instant, message;

create table meeting engine = Memory as
with copy as (
  select xxh3(meeting_id) as meeting, toUnixTimestamp64Micro(start_at) as start, toUnixTimestamp64Micro(end_at) as stop,
    is_cancelled,
    parties([code(organizer)]) as organizers,
    parties(arrayMap(raw -> code(raw), arrayConcat(attendees, [mailbox]))) as attendees,
    parties(arrayMap(raw -> code(raw), declined)) as declined
  from file({meetings:String}, Parquet, 'meeting_id String, organizer String, attendees Array(String),
    declined Array(String), mailbox String, start_at DateTime64(6, \'UTC\'), end_at DateTime64(6, \'UTC\'),
    is_cancelled Bool, is_all_day Bool, is_series_master Bool')
  where meeting_id > '!' and toUnixTimestamp64Micro(end_at) != 0 and position(organizer, '@') > 0
    and not is_series_master and not is_all_day and end_at >= start_at
    and start_at >= fromUnixTimestamp64Micro({window_begin:Int64}) and start_at < fromUnixTimestamp64Micro({window_end:Int64})
),
merged as (
  select meeting, start, max(stop) - start as took, groupUniqArrayArray(organizers) as organizers,
    groupUniqArrayArray(attendees) as attendees, groupUniqArrayArray(declined) as declined
  from copy
  group by meeting, start
  having not max(is_cancelled)
)
select day_of(start) as day, took,
  arrayFilter(party -> party < 4096, people) as ours,
  arrayJoin(arrayDistinct(arrayMap(party -> bitShiftRight(party, 12), arrayFilter(party -> party >= 4096, people)))) as account,
  arrayFilter(party -> bitShiftRight(party, 12) = account, people) as theirs,
  arrayExists(party -> party < 4096, organizers) as to_account,
  arrayExists(party -> bitShiftRight(party, 12) = account, organizers) as from_account
from (
  select *, arrayDistinct(arrayConcat(organizers, arrayFilter(party -> not has(declined, party), attendees))) as people
  from merged
)
where notEmpty(ours);

-- Days are merged to periods: the year, months, and weeks from Monday.
create table account_day engine = Memory as
select account, day, toInt64(sum(emails)) as emails, toInt64(sum(emails_to)) as emails_to, toInt64(sum(emails_from)) as emails_from,
  toInt64(sum(meetings)) as meetings, toInt64(sum(meetings_to)) as meetings_to, toInt64(sum(meetings_from)) as meetings_from,
  sum(meeting_micros) as meeting_micros, toInt64(sum(replies)) as replies, sum(reply_micros) as reply_micros,
  groupUniqArrayArray(our_email) as our_email, groupUniqArrayArray(account_email) as account_email,
  groupUniqArrayArray(our_meeting) as our_meeting, groupUniqArrayArray(account_meeting) as account_meeting
from (
  select account, day, 1 as emails, to_account as emails_to, from_account as emails_from, 0 as meetings, 0 as meetings_to,
    0 as meetings_from, 0 as meeting_micros, 0 as replies, 0 as reply_micros, ours as our_email, theirs as account_email,
    emptyArrayUInt32() as our_meeting, emptyArrayUInt32() as account_meeting
  from engaged
  union all
  select account, day, 0, 0, 0, 1, to_account, from_account, took, 0, 0, [], [], ours, theirs from meeting
  union all
  select account, day, 0, 0, 0, 0, 0, 0, 0, 1, took, [], [], [], [] from reply
)
group by account, day;

create table period engine = Memory as
with period as (
  select account, level,
    multiIf(level = 1, {first_day:Date32}, level = 2, toStartOfMonth(toDate32(day)), toMonday(toDate32(day))) as start,
    min(day) as first_day, maxIf(day, emails > 0) as last_email, maxIf(day, meetings > 0) as last_meeting,
    toInt64(sum(emails_to)) as emails_to, toInt64(sum(emails_from)) as emails_from, toInt64(sum(meetings)) as meetings,
    toInt64(sum(meetings_to)) as meetings_to, toInt64(sum(meetings_from)) as meetings_from,
    sum(meeting_micros) as meeting_micros, toInt64(sum(replies)) as replies, sum(reply_micros) as reply_micros,
    toInt64(length(groupUniqArrayArray(our_email))) as our_email, toInt64(length(groupUniqArrayArray(account_email))) as account_email,
    toInt64(length(groupUniqArrayArray(our_meeting))) as our_meeting, toInt64(length(groupUniqArrayArray(account_meeting))) as account_meeting
  from account_day array join [1, 2, 3] as level
  group by account, level, start
)
select *,
  toInt32(least(multiIf(level = 1, {as_of:Date32}, level = 2, toLastDayOfMonth(start), start + 6), {as_of:Date32})) as last_day,
  min(first_day) over (partition by account) as engaged_from,
  max(last_email) over so_far as email_on,
  max(last_meeting) over so_far as meeting_on,
  if(email_on = 0, null, last_day - email_on) as email_days,
  if(meeting_on = 0, null, last_day - meeting_on) as meeting_days
from period
window so_far as (partition by account, level order by start);

-- How often each value occurs in a period, and from this how many accounts have at most this value.
create table score engine = Memory as
with measure as (
  select account, level, start, measure, value
  from (
    select account, level, start, range(9) as number,
      [emails_to, emails_from, meetings_from, meetings_to, our_meeting, our_email, account_meeting, account_email,
        -assumeNotNull(toInt64(least(email_days, meeting_days)))] as list
    from period
  ) array join number as measure, list as value
),
standing as (
  select level, start, measure, value,
    sum(rows) over (partition by level, start, measure order by value) as standing
  from (select level, start, measure, value, count() as rows from measure group by level, start, measure, value)
)
select measure.account as account, measure.level as level, measure.start as start,
  sum({weights:Array(Int64)}[measure.measure + 1] * toInt64(standing)) as points
from measure
join standing on standing.level = measure.level and standing.start = measure.start
  and standing.measure = measure.measure and standing.value = measure.value
where measure.value > 0 or measure.measure = 8
group by account, level, start;

insert into function file({office:String}, Parquet)
select
  account_id as CustomerId,
  if(found, points / accounts, 0) as EngagementScore,
  emails_to as NoOfEmails_ToAccount,
  emails_from as NoOfEmails_FromAccount,
  meetings_from as NoOfMeetings_FromAccount,
  meetings_to as NoOfMeetings_ToAccount,
  our_meeting as NoOfContactsInvolved_Meetings,
  our_email as NoOfContactsInvolved_Emails,
  account_meeting as NoOfAccountContactsInvolved_Meetings,
  account_email as NoOfAccountContactsInvolved_Emails,
  if(found, toDate32(engaged_from), null) as EngagementStartDate,
  toInt64(email_days) as DaysSinceLastEmail,
  toInt64(meeting_days) as DaysSinceLastMeeting,
  if(meetings > 0, meeting_micros / (meetings * 60000000), null) as AverageDuration_Of_Meetings,
  if(replies > 0, reply_micros / (replies * 60000000), null) as AverageDuration_Of_AccountEmailReplies,
  if(found, start, {first_day:Date32}) as AggregationStartDate,
  if(found, ['year', 'month', 'week'][level], 'year') as AggregationLevel
from profile
left join (
  select *, true as found, points, count() over (partition by level, start) as accounts
  from period join score using (account, level, start)
) as scored using (account);
