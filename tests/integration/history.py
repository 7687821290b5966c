"""Opens each folder of a history as one table, in DuckDB and in Polars, and prints what is found as JSON. The first
folder is that of Office, of which the scores of two dates are compared."""
import json, sys

import duckdb, polars

DATES = ["2026-06-15", "2026-06-30"]


def in_duckdb(folder):
    return duckdb.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)


def duck(office, folders):
    offices = in_duckdb(office)
    scores = duckdb.sql(
        f"""select a.CustomerId, a.EngagementScore, b.EngagementScore from offices a join offices b using (CustomerId)
        where a.AsOfDate = '{DATES[0]}' and b.AsOfDate = '{DATES[1]}' order by 1""").fetchall()
    count = "AsOfDate, count(*)"
    rows = [in_duckdb(folder).aggregate(count).order("AsOfDate").fetchall() for folder in folders]
    return scores, rows


def polar(office, folders):
    scan = lambda folder: polars.scan_parquet(folder, hive_partitioning=True)
    of = lambda date: scan(office).filter(polars.col("AsOfDate").cast(polars.String) == date)
    scores = of(DATES[0]).join(of(DATES[1]), on="CustomerId").sort("CustomerId")
    scores = scores.select("CustomerId", "EngagementScore", "EngagementScore_right").collect().rows()
    rows = [scan(folder).group_by("AsOfDate").len().sort("AsOfDate").collect().rows() for folder in folders]
    return scores, rows


def plain(scores, rows):
    return {"scores": scores, "rows": [[(str(date), number) for date, number in table] for table in rows]}


office, *folders = sys.argv[1:]
print(json.dumps({"duckdb": plain(*duck(office, folders)), "polars": plain(*polar(office, folders))}))
