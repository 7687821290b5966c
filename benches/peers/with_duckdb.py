"""Computes Office with DuckDB: `with_duckdb.py FOLDER OFFICE THREADS`. The SQL is in duckdb.sql."""

import duckdb

import job


def main() -> None:
    work, threads = job.from_arguments()
    variables = {name: value for name, value in vars(work).items() if name not in ("weights", "offsets")}
    variables["weights"] = [{"measure": measure, "weight": weight} for measure, weight in work.weights.items()]
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    for name, value in variables.items():
        connection.execute(f"set variable {name} = $1", [value])
    connection.execute(f"create macro day_of(t) as ({work.day_of('t')} // 86400000000)::int")
    for statement in job.statements("duckdb.sql"):
        connection.execute(statement)


main()
