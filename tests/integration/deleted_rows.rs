//! Rows that their source marks as deleted or replaced count like others. A check and a run say so.

use std::fs::File;

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;

use crate::files::read;
use crate::layouts::{World, write_rows};
use crate::process::error;
use crate::skipped::{EVERY, all_used, csv, says};

const LIKE_OTHERS: &str = "like any other; leave such rows out of the input";

#[test]
fn columns_that_mark_rows() {
    let world = all_used();
    csv(
        &world,
        "contacts",
        "email,account_id,IsDeleted,deleted_at\ncarl@acme.com,acme,false,\ncarl@acme.com,bolt,True,2026-01-01\n\
         dora@bolt.com,bolt,1,\n",
    );
    says(
        &world,
        &format!(
            "[contacts] 2 rows are marked as deleted or replaced by the column \"IsDeleted\", and count {LIKE_OTHERS}"
        ),
    );
    says(
        &world,
        &format!(
            "[contacts] 1 row is marked as deleted or replaced by the column \"deleted_at\", and counts {LIKE_OTHERS}"
        ),
    );
    let world = all_used();
    let contact = "'carl@acme.com' as email, 'acme' as account_id, 'c1' as contact_id";
    let file = world.path("contacts.parquet");
    write_rows(
        &file,
        &format!(
            "select {contact}, _hoodie_record_key from (values ('k'), ('k'), ('l')) as t(_hoodie_record_key)"
        ),
    );
    says(
        &world,
        &format!(
            "[contacts] 1 row has the \"_hoodie_record_key\" of another one, as an old version of a row has, and counts {LIKE_OTHERS}"
        ),
    );
    write_rows(
        &file,
        &format!(
            "select {contact}, __op, arrow_cast(gone, 'Utf8View') as _fivetran_deleted from (values ('c', 'false'), ('r', ''), (null, null)) as t(__op, gone)"
        ),
    );
    let [check, run] = world.printed();
    assert!(!check.contains("is marked") && run.contains(EVERY), "{check}{run}");
}

#[test]
#[cfg(feature = "delta")]
fn delta_tables_with_a_column_that_marks_rows() {
    let world = all_used();
    csv(&world, "accounts", "account_id,name,isDeleted\nacme,Acme,false\nbolt,Bolt,true\n");
    world.change("[accounts]", "[accounts]\nattributes = [\"isDeleted\"]");
    world.write(
        "first.toml",
        std::fs::read_to_string(world.path("enrichment.toml")).unwrap()
            + "\n[output]\npath = \"first/\"\nformat = \"delta\"\n",
    );
    let outcome = crate::process::caught(
        crate::process::ENGAGEMENT,
        &["run".to_owned(), world.path("first.toml").display().to_string()],
    );
    let outcome = { outcome }.output().unwrap();
    assert!(outcome.status.success(), "{}", error(&outcome));
    world.change("attributes = [\"isDeleted\"]", "account_id = \"CustomerId\"");
    world.change(
        "path = \"accounts.csv\"\nformat = \"csv\"",
        "path = \"first/Office_Accounts\"\nformat = \"delta\"",
    );
    says(
        &world,
        &format!(
            "[accounts] 1 row is marked as deleted or replaced by the column \"isDeleted\", and counts {LIKE_OTHERS}"
        ),
    );
}

/// Writes a file with a key in its footer.
fn with_key(world: &World, file: &str, key: &str) {
    let file = world.path(file);
    let batch = read(&file);
    let key = vec![KeyValue::new(key.to_owned(), "{}".to_owned())];
    let properties = WriterProperties::builder().set_key_value_metadata(Some(key)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(file).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn files_of_an_iceberg_table() {
    let world = all_used();
    with_key(&world, "contacts.parquet", "iceberg.schema");
    let file = world.path("contacts.parquet").display().to_string();
    world.says(&format!(
        "[contacts] {file} was written for an Iceberg table, whose metadata is not beside it: rows that were deleted or \
         replaced count, too; export the rows of the table to a folder of their own"
    ));
    with_key(&world, "contacts.parquet", "delete-type");
    let outcome = world.command("check", &[]);
    assert_eq!(
        (outcome.status.code(), error(&outcome)),
        (
            Some(1),
            format!(
                "error: [contacts] {file}: contains the rows that were deleted from an Iceberg table, not rows of it; export the \
                 rows of the table to a folder of their own\n"
            )
        )
    );
}

#[test]
fn deletion_vectors_without_their_log() {
    let world = all_used();
    world.write("mail/a.parquet", world.input("mail.parquet"));
    world.write("mail/deletion_vector_61d16c75-6994-46b7-a15b-8b538852e50e.bin", "x");
    world.change("path = \"mail.parquet\"", "path = \"mail/\"");
    let vector = world.path("mail/deletion_vector_61d16c75-6994-46b7-a15b-8b538852e50e.bin");
    world.says(&format!(
        "[mail] 1 file is not read, which says which rows of a Delta table are deleted: {}; its folder _delta_log is not \
         there, so deleted rows count: give the whole table, with format = \"delta\"",
        vector.display()
    ));
}
