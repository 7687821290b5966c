//! Files that statements name with `--allow-files`: the same files as those of an input, and columns by name.

use std::process::Output;

use crate::layouts::{World, write_rows};
use crate::process::{error, refused};

fn query(world: &World, sql: &str) -> Output {
    world.command("sql", &["--allow-files", "--format", "csv", "-c", sql])
}

/// The rows of a result, sorted.
fn rows(world: &World, sql: &str) -> Vec<String> {
    let outcome = query(world, sql);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{sql}");
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let mut rows: Vec<_> = text.lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    rows
}

fn published() -> World {
    let world = World::new();
    world.run();
    world
}

#[test]
fn folders_are_read_at_any_depth_without_hidden_names() {
    let world = published();
    for (name, n) in [
        ("a.parquet", 1),
        ("b.parquet/part-0.parquet", 2),
        ("b.parquet/_temporary/0/part-1.parquet", 3),
        ("c/d/e.parquet", 4),
        ("k=1/f.parquet", 5),
        ("k=__HIVE_DEFAULT_PARTITION__/g.parquet", 6),
        ("_h.parquet", 7),
    ] {
        world.write(&format!("lake/{name}"), "");
        write_rows(&world.path(&format!("lake/{name}")), &format!("select {n} as n"));
    }
    world.write("lake/_SUCCESS", "");
    let place = |path: &str| world.path(path).display().to_string();
    for (path, expected) in [
        ("lake", &["1", "2", "4", "5", "6"][..]),
        ("lake/", &["1", "2", "4", "5", "6"]),
        ("lake/*", &["1", "2", "4", "5", "6"]),
        ("lake/**/*.parquet", &["1", "2", "4", "5", "6"]),
        ("lake/*.parquet", &["1", "2"]),
        ("lake/*/*.parquet", &["2", "5", "6"]),
        ("lake/c", &["4"]),
        ("lake/_h.parquet", &["7"]),
        ("lake/b.parquet/_temporary/", &["3"]),
    ] {
        assert_eq!(rows(&world, &format!("select n from '{}'", place(path))), expected, "{path}");
    }
    let keys = rows(&world, &format!("select n, k from '{}' where k is not null or n = 6", place("lake/")));
    assert_eq!(keys, ["5,1", "6,"]);
    refused(
        &query(&world, &format!("create external table t stored as parquet location '{}'", place("lake/"))),
        2,
        "which an external table does not read; write CREATE VIEW t AS SELECT * FROM '",
    );
    world.write("mixed/a.parquet", world.input("mail.parquet"));
    world.write("mixed/b.csv", "a\n1\n");
    refused(
        &query(&world, &format!("select * from '{}'", place("mixed/"))),
        2,
        "has files of several formats, such as ",
    );
    world.write("text/a.txt", "a\n1\n");
    refused(
        &query(&world, &format!("select * from '{}'", place("text/a.txt"))),
        2,
        "the ending does not say what it is",
    );
    refused(
        &query(&world, &format!("select * from '{}'", place("text/"))),
        2,
        "has no file that can be read",
    );
    refused(&query(&world, &format!("select * from '{}'", place("nowhere.parquet"))), 2, "no table named ");
}

#[test]
fn csv_is_read_by_name_and_keeps_leading_zeros() {
    let world = published();
    world.write("c/a.csv", "id,amount,day\n007,1.50,2026-01-31\n012,2,\n");
    world.write("c/b.csv", "amount;id\n-3;5\n");
    world.write("c/k=x/c.csv.gz", {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        gzip.write_all(b"more,id\ntrue,9\n").unwrap();
        gzip.finish().unwrap()
    });
    let folder = world.path("c/").display().to_string();
    assert_eq!(
        rows(&world, &format!("select id, amount, day, more, k from '{folder}'")),
        ["007,1.5,2026-01-31,,", "012,2.0,,,", "5,-3.0,,,", "9,,,true,x"]
    );
    assert_eq!(
        rows(&world, &format!("select sum(amount), max(day) from '{folder}' where more is null")),
        ["0.5,2026-01-31"]
    );
    assert_eq!(rows(&world, &format!("select count(*) from '{folder}' where id < '01'")), ["1"]);
    let external = |location: &str, more: &str| {
        let location = world.path(location).display().to_string();
        query(
            &world,
            &format!(
                "create external table t {more} stored as csv location '{location}'; select count(*) from t"
            ),
        )
    };
    let zeros = "has values with leading zeros in the column \"id\", which would become numbers";
    refused(&external("c/a.csv", ""), 2, zeros);
    assert_eq!(error(&external("c/a.csv", "(id varchar, amount double, day date)")), "");
    world.write("d/a.csv", "id,n\n1,2\n");
    world.write("d/b.csv", "n,id\n1,2\n");
    refused(&external("d/", ""), 2, "has files with other columns or another order of them, ");
    refused(&external("d/", "(id int, n int)"), 2, "has files with other columns or another order of them, ");
    assert_eq!(rows(&world, &format!("select id, n from '{}'", world.path("d").display())), ["1,2", "2,1"]);
    world.write("d/c.csv", "ID\n1\n");
    refused(
        &query(&world, &format!("select id from '{}'", world.path("d").display())),
        2,
        "differ in case only",
    );
    world.write("e.csv", "id,name\n1,a\n2,b,c\n");
    refused(
        &query(&world, &format!("select * from '{}'", world.path("e.csv").display())),
        1,
        "line 3 has 3 fields",
    );
}

#[test]
fn parquet_is_read_by_name() {
    let world = published();
    for (name, sql) in [
        ("a/1.parquet", "select 1 as x, 'a' as y"),
        ("a/2.parquet", "select 'b' as y, 2.5 as z"),
        ("b/1.parquet", "select 1 as \"A\""),
        ("b/2.parquet", "select 1 as a"),
        ("c/1.parquet", "select 1 as a"),
        ("c/2.parquet", "select 'x' as a"),
    ] {
        world.write(name, "");
        write_rows(&world.path(name), sql);
    }
    let of = |folder: &str| format!("select * from '{}/'", world.path(folder).display());
    assert_eq!(
        rows(&world, &of("a")),
        ["1,a,", ",b,2.5"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
    );
    refused(&query(&world, &of("b")), 2, "differ in case only; rename one of them");
    refused(&query(&world, &of("c")), 2, "the column \"a\" is Int64 in ");
}

#[test]
fn lines_of_json_with_every_ending() {
    let world = published();
    for name in ["a.json", "a.jsonl", "a.ndjson"] {
        world.write(&format!("j/{name}"), "{\"a\": 1}\n{\"a\": 2}\n");
        let file = world.path(&format!("j/{name}")).display().to_string();
        assert_eq!(rows(&world, &format!("select a from '{file}'")), ["1", "2"], "{name}");
    }
    assert_eq!(rows(&world, &format!("select count(*) from '{}/'", world.path("j").display())), ["6"]);
    let create =
        format!("create external table t stored as ndjson location '{}'", world.path("j/a.ndjson").display());
    refused(&query(&world, &create), 2, "STORED AS NDJSON is not supported; write STORED AS JSON");
}

/// What comes late has a column and a type, and no number is rounded.
#[test]
fn json_is_looked_at_to_its_end() {
    let world = published();
    let late = |last: &str| {
        let lines: String = (0..3000).map(|i| format!("{{\"a\":{i}}}\n")).collect();
        format!("{lines}{last}\n")
    };
    let of = |name: &str, text: &str, columns: &str| {
        world.write(name, text);
        format!("select {columns} from '{}'", world.path(name).display())
    };
    for (last, columns, expected) in [
        (r#"{"a":1.5}"#, "sum(a)", "4498501.5"),
        (r#"{"a":5,"zz":"k"}"#, "count(*), max(zz)", "3001,k"),
        (r#"{"a":5,"b":{"c":[true]}}"#, "count(*), count(b['c'][1])", "3001,1"),
        (r#"{"a":"x"}"#, "max(a)", "x"),
        (r#"{"a":12345678901234567891}"#, "count(distinct a), max(length(a))", "3001,20"),
        (r#"{"b":null}"#, "count(*), count(b)", "3001,0"),
    ] {
        assert_eq!(rows(&world, &of("late.json", &late(last), columns)), [expected], "{last}");
    }
    // All forms that an export may have.
    for text in
        ["[{\"a\":1},\n{\"a\":2}]", "\u{feff}{\"a\":1}\n{\"a\":2}", "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n"]
    {
        assert_eq!(rows(&world, &of("a.json", text, "a")), ["1", "2"], "{text}");
    }
    let utf_16: Vec<u8> = "[{\"a\":1}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    world.write("b.json", [&b"\xff\xfe"[..], &utf_16].concat());
    assert_eq!(rows(&world, &format!("select a from '{}'", world.path("b.json").display())), ["1"]);
    // Files of one table have one type.
    world.write("k=1/a.json", "{\"a\":1}");
    world.write("k=2/a.jsonl", "{\"b\":true,\"a\":0.5}");
    let both = format!("select a, b, k from '{}'", world.path("k=*/").display());
    assert_eq!(rows(&world, &both), ["0.5,true,2", "1.0,,1"]);
}

#[test]
fn json_that_is_not_rows_is_an_error_that_names_the_file() {
    let world = published();
    let file = world.path("a.json").display().to_string();
    for (text, says) in [
        ("{\"a\":1,\"a\":2}", "is ambiguous: record 1, which ends at byte 13, has several members 'a'"),
        ("{\"a\":{\"b\":1,\"b\":2}}", "has several members 'a.b' with different values"),
        ("{\"a\":1}\n{\"a\":[1]}", "has values of different kinds in 'a': record 2"),
        ("{\"a\":1}\n{\"a\"", "is cut short within record 2"),
        ("{\"a\":\"caf\u{1}\"}", "is damaged: no JSON object in record 1"),
        ("", "is empty (0 bytes)"),
    ] {
        world.write("a.json", text);
        let outcome = query(&world, &format!("select * from '{file}'"));
        refused(&outcome, 1, says);
        assert!(error(&outcome).contains(&format!("[sql] {file} ")), "{}", error(&outcome));
    }
}

/// The engine's own tables of JSON are refused where they would cut numbers or choose a value.
#[test]
fn external_tables_of_json() {
    let world = published();
    let external = |text: &str, columns: &str| {
        world.write("a.json", text);
        let location = world.path("a.json").display().to_string();
        query(
            &world,
            &format!(
                "create external table t {columns} stored as json location '{location}'; select sum(a) as s from t"
            ),
        )
    };
    let late = format!("{}{{\"a\":1.5}}\n", "{\"a\":1}\n".repeat(3000));
    let outcome = external(&late, "");
    assert_eq!(
        (error(&outcome).as_str(), String::from_utf8_lossy(&outcome.stdout).trim()),
        ("", "s\n3001.5")
    );
    refused(&external(&late, "(a bigint)"), 2, "has fractions in the column \"a\", which would be cut off");
    assert_eq!(error(&external(&late, "(a double)")), "");
    let long = "{\"a\":1.5}\n{\"a\":9007199254740993}\n";
    refused(&external(long, ""), 2, "has numbers in the column \"a\" that no type of numbers holds");
    refused(&external("[{\"a\":1}]", ""), 2, "has a file that is not one object per line in UTF-8, ");
    refused(&external("{\"a\":1,\"a\":2}", ""), 1, "has several members 'a' with different values");
}

#[test]
fn the_ending_tsv_says_what_the_delimiter_is() {
    let world = published();
    let of = |name: &str, text: &str| {
        world.write(name, text);
        rows(&world, &format!("select * from '{}'", world.path(name).display()))
    };
    assert_eq!(of("a.tsv", "a\tb,c / 1\n2,3\t4\n"), ["\"2,3\",4"]);
    assert_eq!(of("b.tsv", "a\tb,c,d\n1\t2\n"), ["1,2"]);
    assert_eq!(of("c.tsv", "a;b\n1;2\n"), ["1,2"], "without a tab");
}

#[test]
fn folders_of_the_path_have_keys_too() {
    let world = published();
    world.write("hv/k=1/a.csv", "x\n7\n");
    for path in ["hv", "hv/k=1/", "hv/k=1/a.csv", "hv/*/a.csv", "hv/k=1/*.csv"] {
        let of = |place: &str| rows(&world, &format!("select x, k from '{place}'"));
        assert_eq!(of(&world.path(path).display().to_string()), ["7,1"], "{path}");
    }
}

#[test]
fn a_copy_does_not_add_files_to_those_of_another() {
    let world = published();
    let copy = |to: &str| {
        query(&world, &format!("copy (select 1 as x) to '{}' stored as parquet", world.path(to).display()))
    };
    assert_eq!(error(&copy("one/")), "");
    for again in ["one/", "one"] {
        refused(
            &copy(again),
            2,
            "COPY would add its files to those that are in the folder already, such as ",
        );
    }
    let count = format!("select count(*) from '{}'", world.path("one").display());
    assert_eq!(rows(&world, &count), ["1"]);
    // A file is replaced.
    assert_eq!(error(&copy("two.parquet")) + &error(&copy("two.parquet")), "");
}
