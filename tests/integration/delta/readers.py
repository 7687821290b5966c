"""Reads each Delta table with common readers, and prints what they find as JSON."""
import datetime, glob, json, math, os, sys

import duckdb, duckdb_extension_delta, polars
from deltalake import DeltaTable

extension = os.path.join(os.path.dirname(duckdb_extension_delta.__file__), "extensions/*/delta.duckdb_extension")
duckdb.sql(f"load '{glob.glob(extension)[0]}'")


def plain(value):
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, datetime.date) else value


def found(rows):
    rows = [[plain(value) for value in row] for row in rows]
    return {"rows": sorted(rows, key=lambda row: json.dumps(row))}


def dates(table):
    if "AsOfDate" not in table.column_names:
        return []
    return sorted({plain(date) for date in table["AsOfDate"].to_pylist()})


def readers(path):
    table = DeltaTable(path)
    rows = table.to_pyarrow_table()
    yield "delta-rs", found(zip(*(column.to_pylist() for column in rows.columns)))
    yield "duckdb", found(duckdb.sql(f"select * from delta_scan('{path}')").fetchall())
    yield "polars", found(polars.scan_delta(path).collect().rows())
    yield "columns", rows.column_names
    yield "dates", dates(rows)
    yield "dates_at_first", dates(DeltaTable(path, version=0).to_pyarrow_table())
    yield "commits", [commit["engagement.as_of"] for commit in table.history()]


print(json.dumps([dict(readers(path)) for path in sys.argv[1:]]))
