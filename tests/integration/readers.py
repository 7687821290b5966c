"""Reads each file with common Parquet readers, and prints what they find as JSON."""
import datetime, json, math, sys

import duckdb, pandas, polars
import pyarrow.parquet as parquet


def plain(value):
    if value is None or value is pandas.NaT or isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def found(types, rows):
    return {"types": [str(t) for t in types], "rows": [[plain(v) for v in row] for row in rows]}


def readers(file):
    query = duckdb.read_parquet(file)
    yield "duckdb", found(query.types, query.fetchall())
    frame = polars.read_parquet(file)
    yield "polars", found(frame.dtypes, frame.rows())
    table = parquet.read_table(file)
    yield "pyarrow", found(table.schema.types, zip(*(c.to_pylist() for c in table.columns)))
    frame = pandas.read_parquet(file)
    yield "pandas", found(frame.dtypes, frame.itertuples(index=False))


print(json.dumps([dict(readers(file)) for file in sys.argv[1:]]))
