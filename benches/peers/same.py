"""Compares two Office files: `same.py OURS THEIRS` prints the differences, if there are any."""

import sys

import polars

KEY = ["CustomerId", "AggregationLevel", "AggregationStartDate"]
TOLERANCE = 1e-9


def differences(ours: polars.DataFrame, theirs: polars.DataFrame) -> list[str]:
    """One sentence per column that differs. Counts and dates must be equal, floats nearly equal."""
    if ours.columns != theirs.columns:
        return [f"columns {theirs.columns} instead of {ours.columns}"]
    if ours.height != theirs.height:
        return [f"{theirs.height} rows instead of {ours.height}"]
    ours, theirs = (office.sort(KEY) for office in (ours, theirs))
    found = []
    for name in KEY + [name for name in ours.columns if name not in KEY]:
        one, other = ours[name], theirs[name]
        if one.dtype != other.dtype:
            found.append(f"{name}: {other.dtype} instead of {one.dtype}")
            continue
        if one.dtype.is_float():
            bound = TOLERANCE * polars.max_horizontal(one.abs(), polars.lit(1.0))
            near = polars.select((one - other).abs() <= bound).to_series()
            equal = (one.is_null() & other.is_null()) | near.fill_null(False)
        else:
            equal = one.eq_missing(other)
        if not equal.all():
            row = equal.arg_min()
            key = ", ".join(str(ours[column][row]) for column in KEY)
            found.append(f"{name}: {(~equal).sum()} rows differ, the first ({key}): {other[row]} instead of {one[row]}")
            if name in KEY:
                break
    return found


if __name__ == "__main__":
    lines = differences(*(polars.read_parquet(path) for path in sys.argv[1:3]))
    print("\n".join(lines), end="\n" if lines else "")
    sys.exit(1 if lines else 0)
