"""Writes the bundled data as Delta tables that also contain deleted rows, and prints their numbers of rows.

mail is partitioned by mailbox and has deleted rows, whose files are still in the folder. meetings has a
deletion vector. accounts has mapped columns, with other names in the files. groups has two commits. The
numbers of rows are those of DuckDB and Polars.
"""
import datetime, glob, json, os, struct, sys

import duckdb, duckdb_extension_delta, polars, pyarrow
import pyarrow.parquet as parquet
from deltalake import DeltaTable, write_deltalake

data, target = sys.argv[1:]
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def path(name):
    return os.path.join(target, name)


def read(name):
    return parquet.read_table(os.path.join(data, name))


def doubled(table, column):
    """The rows, and the same number of rows that will be deleted."""
    at = table.schema.get_field_index(column)
    ids = pyarrow.array([f"deleted-{i}" for i in range(len(table))], table.schema.field(at).type)
    return table, table.set_column(at, table.schema.field(at), ids)


def deletion_vector(rows):
    """A deletion vector inside the log: a bitmap with one container of 16-bit numbers."""
    assert rows and max(rows) < 1 << 16 and len(rows) <= 4096
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16) + struct.pack(f"<{len(rows)}H", *rows)
    vector = struct.pack("<iqI", 1681511377, 1, 0) + bitmap
    size, vector = len(vector), vector + b"\0" * (-len(vector) % 4)
    text = ""
    for (word,) in struct.iter_unpack(">I", vector):
        text += "".join(Z85[word // 85**i % 85] for i in (4, 3, 2, 1, 0))
    return {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": size, "cardinality": len(rows)}


def mapped(table, name):
    """A table with other column names in its files, written by hand because no available writer does it."""
    write_deltalake(path(name), table)
    entry = path(f"{name}/_delta_log/{0:020}.json")
    actions = [json.loads(line) for line in open(entry)]
    for action in actions:
        if "protocol" in action:
            action["protocol"] = {"minReaderVersion": 2, "minWriterVersion": 5}
        if "metaData" in action:
            schema = json.loads(action["metaData"]["schemaString"])
            for i, field in enumerate(schema["fields"], 1):
                names = {"delta.columnMapping.id": i, "delta.columnMapping.physicalName": f"col-{i}"}
                field["metadata"] = names
            action["metaData"]["schemaString"] = json.dumps(schema)
            mapping = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": str(len(table.schema))}
            action["metaData"]["configuration"] = mapping
        if "add" in action:
            file = os.path.join(path(name), action["add"]["path"])
            columns = parquet.read_table(file)
            parquet.write_table(columns.rename_columns([f"col-{i + 1}" for i in range(columns.num_columns)]), file)
            action["add"] |= {"size": os.path.getsize(file), "stats": json.dumps({"numRecords": len(table)})}
    with open(entry, "w") as log:
        log.writelines(json.dumps(action) + "\n" for action in actions)


kept, deleted = doubled(read("mail"), "message_id")
write_deltalake(path("mail"), pyarrow.concat_tables([kept, deleted]), partition_by=["mailbox"])
DeltaTable(path("mail")).delete("starts_with(message_id, 'deleted-')")

kept, deleted = doubled(read("meetings.parquet"), "meeting_id")
rows = pyarrow.concat_tables([kept, deleted.slice(0, 300)])
features = {"delta.enableDeletionVectors": "true"}
write_deltalake(path("meetings"), rows, configuration=features)
log = path("meetings/_delta_log/%020d.json")
(add,) = [a["add"] for a in map(json.loads, open(log % 0)) if "add" in a]
# The writer may have changed the order of the rows.
written = parquet.read_table(os.path.join(path("meetings"), add["path"]))["meeting_id"].to_pylist()
vector = deletion_vector([i for i, name in enumerate(written) if name and name.startswith("deleted-")])
remove = {"path": add["path"], "dataChange": True, "deletionTimestamp": add["modificationTime"]}
with open(log % 1, "w") as entry:
    info = {"operation": "DELETE", "timestamp": add["modificationTime"], "operationParameters": {}}
    for action in {"commitInfo": info}, {"remove": remove}, {"add": add | {"deletionVector": vector}}:
        entry.write(json.dumps(action) + "\n")

groups = read("groups.parquet")
for part in groups.slice(0, 2), groups.slice(2):
    write_deltalake(path("groups"), part, mode="append")
for name in "users", "contacts":
    write_deltalake(path(name), read(name + ".parquet"))
mapped(read("accounts.parquet"), "accounts")

extension = os.path.join(os.path.dirname(duckdb_extension_delta.__file__), "extensions/*/delta.duckdb_extension")
duckdb.sql(f"load '{glob.glob(extension)[0]}'")
counts = {}
for name in "mail", "meetings", "groups", "users", "contacts", "accounts":
    (counts[name],) = duckdb.sql(f"select count(*) from delta_scan('{path(name)}')").fetchone()
    if name not in ("meetings", "accounts"):  # Polars supports neither inline vectors nor mapped names
        assert polars.read_delta(path(name)).height == counts[name], name
print(json.dumps(counts))
