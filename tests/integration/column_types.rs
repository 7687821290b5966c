//! Types that other programs give to text and to ids: bytes without a logical type, UUIDs, decimals.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Decimal128Array, FixedSizeBinaryArray, RecordBatch, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter};
use datafusion::parquet::data_type::{FixedLenByteArray, FixedLenByteArrayType};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::file::writer::SerializedFileWriter;
use datafusion::parquet::schema::parser::parse_message_type;

use crate::files::{read, write};
use crate::layouts::{World, write_rows};
use crate::process::refused;

const OFFICE: &str = "select * from office order by customerid";
const DISPOSITIONS: &str =
    "select source, disposition, rows from office_dispositions order by source, disposition";

fn results(world: &World) -> [Vec<String>; 2] {
    world.run();
    [OFFICE, DISPOSITIONS].map(|sql| world.query(sql))
}

/// Text as bytes, at any depth.
fn bytes_of(data_type: &DataType, bytes: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 => bytes.clone(),
        DataType::List(item) => {
            let item = item.as_ref().clone();
            let inner = bytes_of(item.data_type(), bytes);
            DataType::List(Arc::new(item.with_data_type(inner)))
        }
        other => other.clone(),
    }
}

fn retyped(batch: &RecordBatch, bytes: &DataType) -> RecordBatch {
    let columns: Vec<(String, ArrayRef)> = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            (field.name().clone(), cast(column, &bytes_of(field.data_type(), bytes)).unwrap())
        })
        .collect();
    let fields: Vec<_> =
        columns.iter().map(|(name, c)| Field::new(name, c.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, c)| c).collect())
        .unwrap()
}

/// Writes a batch without the Arrow schema in its footer, as programs without Arrow do.
fn write_without_arrow(file: &Path, batch: &RecordBatch, dictionary: bool) {
    let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).build();
    let options = datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(File::create(file).unwrap(), batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn bytes_without_a_logical_type_are_text() {
    let world = World::new();
    let expected = results(&world);
    let inputs = ["users", "contacts", "accounts", "mail", "meetings"];
    let batches = inputs.map(|name| read(&world.path(&format!("{name}.parquet"))));
    for bytes in [DataType::Binary, DataType::LargeBinary, DataType::BinaryView] {
        for dictionary in [true, false] {
            for (name, batch) in inputs.iter().zip(&batches) {
                let file = world.path(&format!("{name}.parquet"));
                let batch = retyped(batch, &bytes);
                match dictionary {
                    true => write(&file, &batch),
                    false => write_without_arrow(&file, &batch, dictionary),
                }
            }
            assert_eq!(results(&world), expected, "{bytes}, {dictionary}");
        }
    }
    // Text in one file and bytes in another.
    let mail = world.path("mail.parquet");
    std::fs::remove_file(&mail).unwrap();
    std::fs::create_dir(&mail).unwrap();
    write(&mail.join("a.parquet"), &batches[3].slice(0, 4));
    write_without_arrow(&mail.join("b.parquet"), &retyped(&batches[3].slice(4, 4), &DataType::Binary), true);
    assert_eq!(results(&world), expected);
}

#[test]
fn bytes_that_are_not_text_are_an_error_with_file_and_column() {
    let world = World::new();
    for (name, column) in [("contacts", "email"), ("mail", "sender"), ("mail", "to"), ("users", "entra_id")] {
        let file = world.path(&format!("{name}.parquet"));
        let (good, batch) = (std::fs::read(&file).unwrap(), read(&file));
        let index = batch.schema().index_of(column).unwrap();
        let mut columns = batch.columns().to_vec();
        let values = BinaryArray::from_iter_values((0..batch.num_rows()).map(|row| match row {
            1 => &b"J\xfcrgen@x.com"[..],
            _ => b"a@x.com",
        }));
        columns[index] = match columns[index].as_list_opt::<i32>() {
            None => Arc::new(values),
            Some(list) => {
                let item = Arc::new(Field::new_list_field(DataType::Binary, true));
                let array = datafusion::arrow::array::ListArray::new(
                    item,
                    list.offsets().clone(),
                    Arc::new(values),
                    list.nulls().cloned(),
                );
                Arc::new(array)
            }
        };
        let fields: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .zip(&columns)
            .map(|(f, c)| Field::new(f.name(), c.data_type().clone(), true))
            .collect();
        write(&file, &RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap());
        for command in ["check", "run"] {
            refused(
                &world.command(command, &[]),
                1,
                &format!(
                    "[{name}] {}: column '{column}' is binary, which is read as text, but row 2 is not UTF-8",
                    file.display()
                ),
            );
        }
        std::fs::write(&file, good).unwrap();
    }
    results(&world);
}

/// A file whose Arrow schema calls bytes text, though they are not UTF-8.
#[test]
fn a_promise_of_the_writer_is_not_believed() {
    let world = World::new();
    let file = world.path("contacts.parquet");
    let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"carl@acme.com", b"J\xfcrgen@x.com"]));
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["acme", "bolt"]));
    let batch = RecordBatch::try_from_iter([("email", bytes), ("account_id", ids)]).unwrap();
    let text = Schema::new(vec![
        Field::new("email", DataType::Utf8, true),
        Field::new("account_id", DataType::Utf8, true),
    ]);
    // The Arrow schema of an empty file with these columns as text.
    let mut empty = vec![];
    let text = Arc::new(text);
    ArrowWriter::try_new(&mut empty, Arc::clone(&text), None).unwrap().close().unwrap();
    let reader =
        datafusion::parquet::file::serialized_reader::SerializedFileReader::new(bytes::Bytes::from(empty))
            .unwrap();
    let footer = datafusion::parquet::file::reader::FileReader::metadata(&reader).file_metadata();
    let promise =
        footer.key_value_metadata().unwrap().iter().find(|e| e.key == ARROW_SCHEMA_META_KEY).unwrap().clone();
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![promise])).build();
    let options = datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(File::create(&file).unwrap(), batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    for command in ["check", "run"] {
        refused(
            &world.command(command, &[]),
            1,
            "column 'email' is binary, which is read as text, but row 2 is not UTF-8",
        );
    }
}

/// Writes a file with one row for each of these UUIDs.
fn write_uuids(file: &Path, kind: &str, uuids: &[u128]) {
    let message = format!("message m {{ required fixed_len_byte_array(16) account_id {kind}; }}");
    let schema = Arc::new(parse_message_type(&message).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(file).unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values: Vec<FixedLenByteArray> =
        uuids.iter().map(|uuid| uuid.to_be_bytes().to_vec().into()).collect();
    column.typed::<FixedLenByteArrayType>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn uuids_are_their_text() {
    let world = World::new();
    let uuids = [0x7ed4bffc_f189_40b0_9090_c58e1cba14b8, u128::MAX];
    let texts = ["7ed4bffc-f189-40b0-9090-c58e1cba14b8", "ffffffff-ffff-ffff-ffff-ffffffffffff"];
    write_uuids(&world.path("accounts.parquet"), "(UUID)", &uuids);
    write_rows(
        &world.path("contacts.parquet"),
        &format!("select 'carl@acme.com' as email, '{}' as account_id", texts[0]),
    );
    world.run();
    assert_eq!(world.query("select customerid from office order by 1"), texts);
    assert!(world.query(DISPOSITIONS).contains(&"contacts,used,1".to_owned()));
    // Sixteen bytes without that type are text, if they are UTF-8.
    write_uuids(&world.path("accounts.parquet"), "", &[u128::from_be_bytes(*b"account-number-1")]);
    world.run();
    assert_eq!(world.query("select customerid from office"), ["account-number-1"]);
    write_uuids(&world.path("accounts.parquet"), "", &uuids);
    refused(
        &world.command("check", &[]),
        1,
        "accounts.parquet: column 'account_id' is binary, which is read as text, but row 1 is not UTF-8",
    );
}

#[test]
fn decimals_of_scale_0_are_whole_numbers() {
    let world = World::new();
    let decimals = |scale| {
        let ids = Decimal128Array::from(vec![42, i128::pow(10, 30)]).with_precision_and_scale(38, scale);
        RecordBatch::try_from_iter([("account_id", Arc::new(ids.unwrap()) as ArrayRef)]).unwrap()
    };
    write(&world.path("accounts.parquet"), &decimals(0));
    write_rows(
        &world.path("contacts.parquet"),
        "select 'carl@acme.com' as email, arrow_cast(42, 'Int32') as account_id",
    );
    world.run();
    assert_eq!(
        world.query("select customerid from office order by 1"),
        [format!("1{}", "0".repeat(30)), "42".into()]
    );
    assert!(world.query(DISPOSITIONS).contains(&"contacts,used,1".to_owned()));
    write(&world.path("accounts.parquet"), &decimals(2));
    refused(
        &world.command("check", &[]),
        1,
        "column 'account_id' has type Decimal128(38, 2), but text or a whole number is needed",
    );
}

/// Bytes in an export of Microsoft Graph, nested and flat.
#[test]
fn bytes_in_an_export() {
    let world = World::new();
    write_rows(
        &world.path("users.parquet"),
        "select arrow_cast('e1', 'Binary') as id, arrow_cast('anna@us.com', 'Binary') as mail, \
         [arrow_cast('SMTP:anna.alias@us.com', 'Binary')] as \"proxyAddresses\" \
         union all select arrow_cast('e2', 'Binary'), arrow_cast('ben@us.com', 'Binary'), null",
    );
    let expected = {
        let plain = World::new();
        results(&plain)
    };
    world.change("path = \"users.parquet\"", "path = \"users.parquet\"\nformat = \"graph-data-connect\"");
    assert_eq!(results(&world), expected);
}

#[test]
fn bytes_of_a_fixed_length_are_text() {
    let world = World::new();
    let expected = results(&world);
    let batch = read(&world.path("accounts.parquet"));
    let ids = FixedSizeBinaryArray::try_from_iter([*b"acme", *b"bolt", *b"calm"].iter()).unwrap();
    let columns = [("account_id", Arc::new(ids) as ArrayRef), ("name", Arc::clone(batch.column(1)))];
    write(&world.path("accounts.parquet"), &RecordBatch::try_from_iter(columns).unwrap());
    assert_eq!(results(&world), expected);
}
