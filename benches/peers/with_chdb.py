"""Computes Office with chDB (ClickHouse): `with_chdb.py FOLDER OFFICE THREADS`; the SQL is in chdb.sql."""

from chdb import session

import job


def literal(value: object) -> str:
    """A value as text that ClickHouse can read as a parameter."""
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if isinstance(value, str) else str(value)


def main() -> None:
    work, threads = job.from_arguments()
    parameters = {name: value for name, value in vars(work).items() if name != "offsets"}
    parameters["weights"] = list(work.weights.values())
    clickhouse = session.Session()
    clickhouse.query(f"set max_threads = {threads}, prefer_column_name_to_alias = 1")
    for name, value in parameters.items():
        text = literal(value) if isinstance(value, list) else str(value)
        clickhouse.query(f"set param_{name} = {literal(text)}")
    clickhouse.query(f"create function day_of as t -> intDiv({work.day_of('t')}, 86400000000)")
    for statement in job.statements("chdb.sql"):
        clickhouse.query(statement)


main()
