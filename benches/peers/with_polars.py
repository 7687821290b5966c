"""Computes Office with Polars, with lazy frames: `with_polars.py FOLDER OFFICE THREADS`.

Simplifications in favour of Polars: ids are 64-bit hashes (the contract requires 128 bits), and cases that
the generated data does not contain are not handled (a blank id begins with a space; a sender with an @ is
an address).
"""

import datetime
import os

import job

WORK, THREADS = job.from_arguments()
os.environ["POLARS_MAX_THREADS"] = str(THREADS)

import polars as pl  # noqa: E402  (the import reads the number of threads)

DAY = 86_400 * job.MICROS
PEOPLE = ["our_meeting", "our_email", "account_meeting", "account_email"]


def bare(raw: pl.Expr) -> pl.Expr:
    """Strips the spellings that occur in the generated data; the result may not be an address."""
    named = raw.str.split_exact("<", 1).struct.field("field_1").str.strip_chars_end(">")
    prefixed = raw.str.split(":").list.last()
    return pl.when(raw.str.ends_with(">")).then(named).otherwise(prefixed).str.strip_chars(" \t'\"").str.to_lowercase()


def address_of(raw: pl.Expr) -> pl.Expr:
    """The address that normalize_address gives."""
    return pl.when(bare(raw).str.contains(r'^[^@\s,;<>"]+@[^@\s,;<>"]+$')).then(bare(raw))


def day_of(instant: pl.Expr) -> pl.Expr:
    """The local day, as days since 1970."""
    ahead = pl.lit(0, pl.Int64)
    for since, offset in WORK.offsets:
        ahead = pl.when(instant >= since).then(offset).otherwise(ahead)
    return ((instant + ahead) // DAY).cast(pl.Int32)


def micros(column: str) -> pl.Expr:
    return pl.col(column).dt.epoch("us")


def in_window(column: str) -> pl.Expr:
    begin, end = (job.EPOCH + datetime.timedelta(microseconds=at) for at in (WORK.window_begin, WORK.window_end))
    return (pl.col(column) >= begin) & (pl.col(column) < end)


def collect(plan: pl.LazyFrame) -> pl.LazyFrame:
    """Computes a plan once, because it is read several times."""
    return plan.collect(engine="streaming").lazy()


def our_addresses() -> pl.LazyFrame:
    """Internal addresses with their persons: listed addresses, members of listed groups, and the other
    addresses of both."""
    users = pl.read_parquet(WORK.users).select(address=address_of(pl.col("email")), entra_id="entra_id")
    directory = users.drop_nulls("address").group_by("address").agg(pl.col("entra_id").min())
    groups = pl.read_parquet(WORK.groups)
    members = groups.select(group=address_of(pl.col("group_email")), address=address_of(pl.col("member_email")))
    reached, new = set(), set(WORK.listed)
    while new:
        reached |= new
        found = members.filter(pl.col("group").is_in(list(new)))["address"].drop_nulls()
        new = set(found) - reached
    listed = pl.DataFrame({"address": sorted(reached - set(members["group"]))}).join(directory, on="address", how="left")
    aliases = directory.filter(pl.col("entra_id").is_in(listed["entra_id"].drop_nulls().to_list()))
    own = pl.concat([listed, aliases]).unique()
    return own.lazy().select("address", person=pl.coalesce("entra_id", "address"))


def parties() -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The accounts; and the person of each internal address (account 0) and of each address of an account."""
    profile = pl.scan_parquet(WORK.accounts).select(account_id=pl.col("accountid").unique().sort())
    profile = collect(profile.with_row_index("account", 1))
    ours = our_addresses()
    contacts = pl.scan_parquet(WORK.contacts)
    emails = pl.concat(
        contacts.select(account_id="parentcustomerid", contact_id="contactid", address=address_of(pl.col(email)))
        for email in ("emailaddress1", "emailaddress2")
    )
    blank = pl.col("contact_id").str.strip_chars() == ""
    contact = (
        emails.drop_nulls("address")
        .join(profile, on="account_id")
        .join(ours, on="address", how="anti")
        .group_by("account", "address")
        .agg(pl.col("contact_id").filter(~blank).min())
        .select("account", "address", person=pl.coalesce("contact_id", "address"))
    )
    both = pl.concat([ours.select("address", "person", account=pl.lit(0, pl.UInt32)), contact.select("address", "person", "account")])
    person = pl.struct("account", "person").rank("dense").cast(pl.UInt32)
    address = pl.col("address").rank("dense").cast(pl.UInt32)
    return profile, collect(both.select("address", "account", number=address, person=person))


def spelled(copies: pl.LazyFrame, columns: dict[str, int], keep: list[str]) -> pl.LazyFrame:
    """A row with its role for each address in some columns, which may be lists."""
    schema = copies.collect_schema()
    return pl.concat(
        [
            rows.explode("raw") if isinstance(schema[column], pl.List) else rows
            for column, role in columns.items()
            for rows in [copies.select(*keep, role=pl.lit(role, pl.UInt8), raw=pl.col(column))]
        ]
    )


def spellings(mail: pl.LazyFrame, meetings: pl.LazyFrame, party: pl.LazyFrame) -> pl.LazyFrame:
    """The address of each spelling. There are few different spellings, so each is parsed once."""
    raw = pl.concat(
        [
            spelled(mail, dict.fromkeys(["to", "cc", "bcc", "sender", "mailbox"], 0), []).select("raw").unique(),
            spelled(meetings, dict.fromkeys(["attendees", "declined", "organizer", "mailbox"], 0), []).select("raw").unique(),
        ]
    ).drop_nulls().unique()
    numbers = party.select("address", "number").unique()
    return collect(raw.with_columns(address=bare(pl.col("raw"))).join(numbers, on="address").select("raw", "number"))


def bit(role: int) -> pl.Expr:
    return (pl.col("role") & role != 0).any()


def replies(engaged: pl.LazyFrame, copies: pl.LazyFrame) -> pl.LazyFrame:
    """Replies: at the last earlier instant of the conversation, a message was sent to the account."""
    conversations = copies.select("message", "conversation").drop_nulls("conversation").unique()
    answers = pl.col("message").filter(pl.col("from_account")).alias("message")
    earlier = lambda column: pl.col(column).shift(1).over("account", "conversation", order_by="instant")
    return (
        engaged.join(conversations, on="message")
        .group_by("account", "conversation", "instant")
        .agg(answers, asked=pl.col("to_account").any())
        .with_columns(took=pl.col("instant") - earlier("instant"), asked=earlier("asked"))
        .filter(pl.col("asked"), pl.col("took") <= WORK.reply_limit, pl.col("message").list.len() > 0)
        .explode("message")
        .group_by("account", "instant", "message")
        .agg(pl.col("took").min())
        .select("account", "took", day=day_of(pl.col("instant")))
    )


def engaged_meetings(
    meetings: pl.LazyFrame, spelling: pl.LazyFrame, people: pl.LazyFrame
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Meetings per account, and the people who took part. There are few, so they are processed row by row."""
    no = lambda flag: ~pl.col(flag).fill_null(False)
    used = meetings.filter(
        pl.col("meeting_id") > "!",
        in_window("start_at"),
        pl.col("end_at") >= pl.col("start_at"),
        pl.col("organizer").str.contains("@", literal=True),
        no("is_series_master"),
        no("is_all_day"),
    ).with_columns(meeting=pl.col("meeting_id").hash(), start=micros("start_at"))
    key = ["meeting", "start"]
    merged = (
        used.group_by(key)
        .agg(stop=micros("end_at").max(), is_cancelled=pl.col("is_cancelled").fill_null(False).any())
        .filter(~pl.col("is_cancelled"))
        .select(*key, took=pl.col("stop") - pl.col("start"), day=day_of(pl.col("start")))
    )
    roles = {"organizer": 1, "mailbox": 2, "attendees": 2, "declined": 4}
    present = collect(
        spelled(used, roles, key)
        .join(spelling, on="raw")
        .join(people, on="number")
        .group_by(*key, "account", "person")
        .agg(organized=bit(1), invited=bit(2), declined=bit(4))
        .filter(pl.col("organized") | pl.col("invited") & ~pl.col("declined"))
        .join(merged, on=key)
    )
    ours, theirs = present.filter(pl.col("account") == 0), present.filter(pl.col("account") > 0)
    met = collect(
        theirs.group_by(*key, "account", "took", "day")
        .agg(from_account=pl.col("organized").any())
        .join(ours.group_by(key).agg(to_account=pl.col("organized").any()), on=key)
    )
    account_day = met.select(*key, "account", "day")
    our_people = account_day.join(ours.select(*key, "person"), on=key)
    their_people = account_day.join(theirs.select(*key, "account", "person"), on=[*key, "account"])
    sides = {"our_meeting": our_people, "account_meeting": their_people}
    return met, pl.concat([rows.select("account", "day", "person", side=pl.lit(side)) for side, rows in sides.items()]).unique()


def office(
    profile: pl.LazyFrame, engaged: pl.LazyFrame, reply: pl.LazyFrame, met: pl.LazyFrame, people: pl.LazyFrame
) -> pl.LazyFrame:
    """Days merged to periods (the year, months, weeks from Monday), with scores."""
    date = pl.col("day").cast(pl.Date)
    levels = {
        "year": (pl.lit(WORK.first_day), pl.lit(WORK.as_of)),
        "month": (date.dt.month_start(), pl.col("start").dt.month_end()),
        "week": (date.dt.truncate("1w"), pl.col("start") + pl.duration(days=6)),
    }
    each_level = lambda days: pl.concat(
        [days.with_columns(level=pl.lit(level), start=start) for level, (start, _) in levels.items()]
    )
    period = ["account", "level", "start"]
    initiated = [pl.col("to_account").sum().cast(pl.Int64).alias("to"), pl.col("from_account").sum().cast(pl.Int64).alias("from")]
    day = pl.concat(
        [
            engaged.group_by("account", "day").agg(pl.len().cast(pl.Int64).alias("emails"), *initiated)
            .rename({"to": "emails_to", "from": "emails_from"}),
            met.group_by("account", "day")
            .agg(pl.len().cast(pl.Int64).alias("meetings"), *initiated, pl.col("took").sum().alias("meeting_micros"))
            .rename({"to": "meetings_to", "from": "meetings_from"}),
            reply.group_by("account", "day").agg(pl.len().cast(pl.Int64).alias("replies"), pl.col("took").sum().alias("reply_micros")),
        ],
        how="diagonal",
    )
    sums = ["emails_to", "emails_from", "meetings", "meetings_to", "meetings_from", "meeting_micros", "replies", "reply_micros"]
    different = each_level(people).unique([*period, "person", "side"]).group_by(period)
    numbers = different.agg((pl.col("side") == side).sum().cast(pl.Int64).alias(side) for side in PEOPLE)
    last_day = pl.lit(None, pl.Date)
    for level, (_, end) in levels.items():
        last_day = pl.when(pl.col("level") == level).then(end).otherwise(last_day)
    since = lambda last: (pl.min_horizontal(last_day, pl.lit(WORK.as_of)).cast(pl.Int32) - last).cast(pl.Int64)
    so_far = lambda last: pl.col(last).forward_fill().over("account", "level", order_by="start")
    periods = (
        each_level(day)
        .group_by(period)
        .agg(
            pl.col("day").min(),
            pl.col("day").filter(pl.col("emails") > 0).max().alias("email_on"),
            pl.col("day").filter(pl.col("meetings") > 0).max().alias("meeting_on"),
            pl.col(sums).sum(),
        )
        .join(numbers, on=period)
        .with_columns(
            engaged_from=pl.col("day").min().over("account").cast(pl.Date),
            email_days=since(so_far("email_on")),
            meeting_days=since(so_far("meeting_on")),
        )
    )
    recency = -pl.min_horizontal("email_days", "meeting_days")
    measures = ["emails_to", "emails_from", "meetings_from", "meetings_to", *PEOPLE, recency]
    points = pl.lit(0, pl.Int64)
    for measure, weight in zip(measures, WORK.weights.values(), strict=True):
        value = measure if isinstance(measure, pl.Expr) else pl.col(measure)
        standing = value.rank("max").over("level", "start").cast(pl.Int64)
        points += weight * (standing if isinstance(measure, pl.Expr) else pl.when(value > 0).then(standing).otherwise(0))
    score = points / pl.len().over("level", "start")
    mean = lambda micros, rows: pl.when(pl.col(rows) > 0).then(pl.col(micros) / (pl.col(rows) * 60_000_000))
    count = lambda column: pl.col(column).fill_null(0)
    return (
        profile.join(periods.with_columns(score=score), on="account", how="left")
        .select(
            CustomerId="account_id",
            EngagementScore=count("score"),
            NoOfEmails_ToAccount=count("emails_to"),
            NoOfEmails_FromAccount=count("emails_from"),
            NoOfMeetings_FromAccount=count("meetings_from"),
            NoOfMeetings_ToAccount=count("meetings_to"),
            NoOfContactsInvolved_Meetings=count("our_meeting"),
            NoOfContactsInvolved_Emails=count("our_email"),
            NoOfAccountContactsInvolved_Meetings=count("account_meeting"),
            NoOfAccountContactsInvolved_Emails=count("account_email"),
            EngagementStartDate="engaged_from",
            DaysSinceLastEmail="email_days",
            DaysSinceLastMeeting="meeting_days",
            AverageDuration_Of_Meetings=mean("meeting_micros", "meetings"),
            AverageDuration_Of_AccountEmailReplies=mean("reply_micros", "replies"),
            AggregationStartDate=pl.col("start").fill_null(WORK.first_day),
            AggregationLevel=pl.col("level").fill_null("year"),
        )
    )


def main() -> None:
    profile, party = parties()
    yes = lambda flag: pl.col(flag).fill_null(False)
    mail = pl.scan_parquet(WORK.mail)
    meetings = pl.scan_parquet(WORK.meetings)
    spelling = spellings(mail, meetings, party)
    used = mail.filter(
        pl.col("message_id") > "!",
        in_window("sent_at"),
        ~yes("is_draft"),
        ~yes("is_automatic"),
        pl.col("sender").str.contains("@", literal=True),
    )
    message = pl.col("message_id").hash()
    known = collect(
        spelled(used.with_columns(message=message), {"sender": 1, "mailbox": 2, "to": 2, "cc": 2, "bcc": 2}, ["message"])
        .join(spelling, on="raw")
        .select("message", "role", "number")
    )
    conversation = pl.when(pl.col("conversation_id") > "!").then(pl.col("conversation_id").hash())
    copies = used.select(message=message, conversation=conversation, instant=micros("sent_at"))

    people = party.select("number", "account", "person")
    roles = [bit(1).alias("sent"), bit(2).alias("received")]
    theirs = collect(
        known.join(people.filter(pl.col("account") > 0), on="number").group_by("message", "account", "person").agg(roles)
    )
    relevant = collect(theirs.select("message").unique())
    ours = collect(
        known.join(people.filter(pl.col("account") == 0), on="number")
        .join(relevant, on="message", how="semi")
        .group_by("message", "person")
        .agg(roles)
    )
    copies = collect(copies.join(relevant, on="message", how="semi"))
    side = [pl.col("sent").any(), pl.col("received").any()]
    to_account = pl.col("sent_right") & pl.col("received")
    from_account = pl.col("sent") & pl.col("received_right")
    engaged = collect(
        theirs.group_by("message", "account")
        .agg(side)
        .join(ours.group_by("message").agg(side), on="message")
        .select("message", "account", to_account=to_account, from_account=from_account)
        .filter(pl.col("to_account") | pl.col("from_account"))
        .join(copies.group_by("message").agg(pl.col("instant").min()), on="message")
        .with_columns(day=day_of(pl.col("instant")))
    )
    met, met_people = engaged_meetings(meetings, spelling, people)
    email_people = pl.concat(
        [
            engaged.select("message", "account", "day").join(ours, on="message").select("account", "day", "person", side=pl.lit("our_email")),
            engaged.select("message", "account", "day")
            .join(theirs, on=["message", "account"])
            .select("account", "day", "person", side=pl.lit("account_email")),
        ]
    ).unique()
    office(profile, engaged, replies(engaged, copies), met, pl.concat([email_people, met_people])).sink_parquet(WORK.office)


main()
