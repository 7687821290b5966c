"""Reads the columns of mail that the job needs from JSON lines: `read_exports.py DATABASE FOLDER`."""

import sys

COLUMNS = {
    "internetMessageId": "VARCHAR",
    "conversationIndex": "VARCHAR",
    "conversationId": "VARCHAR",
    "sentDateTime": "VARCHAR",
    "from": "JSON",
    "toRecipients": "JSON",
    "ccRecipients": "JSON",
    "bccRecipients": "JSON",
    "isDraft": "BOOLEAN",
    "ODataType": "VARCHAR",
    "internetMessageHeaders": "JSON",
    "puser": "VARCHAR",
}


def duckdb(folder: str) -> object:
    import duckdb

    counts = ", ".join(f'count("{name}")' for name in COLUMNS)
    relation = f"read_json('{folder}/*.json', format = 'newline_delimited', columns = {COLUMNS})"
    return duckdb.execute(f"select {counts} from {relation}").fetchall()


def polars(folder: str) -> object:
    import polars as pl

    person = pl.Struct({"emailAddress": pl.Struct({"address": pl.String})})
    types = {
        "from": person,
        "toRecipients": pl.List(person),
        "ccRecipients": pl.List(person),
        "bccRecipients": pl.List(person),
        "isDraft": pl.Boolean,
        "internetMessageHeaders": pl.List(pl.Struct({"name": pl.String, "value": pl.String})),
    }
    schema = {name: types.get(name, pl.String) for name in COLUMNS}
    counts = [pl.col(name).count() for name in COLUMNS]
    return pl.scan_ndjson(f"{folder}/*.json", schema=schema).select(counts).collect(engine="streaming").rows()


def clickhouse(folder: str) -> object:
    import chdb

    types = {"VARCHAR": "Nullable(String)", "JSON": "Nullable(String)", "BOOLEAN": "Nullable(Bool)"}
    structure = ", ".join(f"`{name}` {types[kind]}" for name, kind in COLUMNS.items())
    counts = ", ".join(f"count(`{name}`)" for name in COLUMNS)
    settings = "input_format_json_read_objects_as_strings = 1, input_format_json_read_arrays_as_strings = 1"
    source = f"file('{folder}/*.json', 'JSONEachRow', '{structure}')"
    return chdb.query(f"select {counts} from {source} settings {settings}")


READERS = {"DuckDB": duckdb, "Polars": polars, "ClickHouse": clickhouse}

database, folder = sys.argv[1:]
print(READERS[database](folder))
