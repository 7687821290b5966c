"""The job that a peer has to compute: the enrichment file of generated data, as plain values."""

import datetime
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

MICROS = 1_000_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# The nine measures in the order of the columns of Office, then recency, with their default weights.
WEIGHTS = {
    "NoOfEmails_ToAccount": 10,
    "NoOfEmails_FromAccount": 20,
    "NoOfMeetings_FromAccount": 15,
    "NoOfMeetings_ToAccount": 15,
    "NoOfContactsInvolved_Meetings": 5,
    "NoOfContactsInvolved_Emails": 5,
    "NoOfAccountContactsInvolved_Meetings": 10,
    "NoOfAccountContactsInvolved_Emails": 10,
    "recency": 10,
}


@dataclass
class Job:
    """Paths and parameters. Instants and durations are microseconds, instants since 1970 UTC."""

    mail: str
    meetings: str
    contacts: str
    accounts: str
    users: str
    groups: str
    office: str
    listed: list[str]
    first_day: datetime.date
    as_of: datetime.date
    window_begin: int
    window_end: int
    reply_limit: int
    weights: dict[str, int]
    offsets: list[tuple[int, int]]

    def day_of(self, instant: str) -> str:
        """SQL for the local day of an instant, as days since 1970."""
        cases = " ".join(f"when {instant} >= {since} then {ahead}" for since, ahead in reversed(self.offsets))
        return f"({instant} + case {cases} end)"


def read(folder: str, office: str) -> Job:
    """The job for a folder that the generator wrote; Office is written to `office`."""
    base = Path(folder)
    with open(base / "enrichment.toml", "rb") as file:
        enrichment = tomllib.load(file)
    zone = ZoneInfo(enrichment["time_zone"])
    as_of = datetime.date.fromisoformat(enrichment["as_of"])
    first_day = as_of - datetime.timedelta(days=enrichment["window_days"] - 1)
    begin, end = (midnight(day, zone) for day in (first_day, as_of + datetime.timedelta(days=1)))
    return Job(
        mail=str(base / "mail" / "*.parquet"),
        **{name: str(base / enrichment[name]["path"]) for name in ("meetings", "contacts", "accounts", "users", "groups")},
        office=office,
        listed=enrichment["mailboxes"]["addresses"],
        first_day=first_day,
        as_of=as_of,
        window_begin=begin,
        window_end=end,
        reply_limit=enrichment["reply_window_days"] * 86_400 * MICROS,
        weights=WEIGHTS | enrichment.get("score", {}).get("weights", {}),
        offsets=offsets(zone, begin, end),
    )


def midnight(day: datetime.date, zone: ZoneInfo) -> int:
    """The instant at which a day begins in a zone."""
    start = datetime.datetime.combine(day, datetime.time(), zone)
    return (start - EPOCH) // datetime.timedelta(microseconds=1)


def offsets(zone: ZoneInfo, begin: int, end: int) -> list[tuple[int, int]]:
    """Instants from which local time is ahead of UTC by an offset, with the offset, between begin and end.
    Clocks change on the hour."""
    found = []
    for instant in range(begin, end, 3_600 * MICROS):
        local = (EPOCH + datetime.timedelta(microseconds=instant)).astimezone(zone)
        ahead = local.utcoffset() // datetime.timedelta(microseconds=1)
        if not found or found[-1][1] != ahead:
            found.append((instant, ahead))
    return found


def from_arguments() -> tuple[Job, int]:
    """The job and the number of threads from the command line of a peer: FOLDER OFFICE THREADS."""
    folder, office, threads = sys.argv[1:]
    return read(folder, office), int(threads)


def statements(name: str) -> list[str]:
    """The statements of a SQL file next to this one; each ends with a semicolon and an empty line."""
    return (Path(__file__).parent / name).read_text().removesuffix(";\n").split(";\n\n")
