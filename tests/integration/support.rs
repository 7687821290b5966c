//! What the test modules share: the bundled enrichment, one run of it, and rows as text.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::publish::TABLES;
use datafusion_engagement::query::session;

/// Runs a future to completion on its own runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(future)
}

/// The folder of the bundled data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// The attributes of the accounts of the bundled enrichment.
pub fn attributes() -> Fields {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Fields::from(vec![field("industry", DataType::Utf8), field("employees", DataType::Int64)])
}

/// The input files that the bundled enrichment files name, and no others: a run may have left its output next
/// to them.
pub fn inputs() -> Vec<PathBuf> {
    let mut files = vec![];
    for name in ["enrichment.toml", "graph-data-connect.toml"] {
        let text = fs::read_to_string(data().join(name)).unwrap();
        let sections: toml::Table = toml::from_str(&text).unwrap();
        let inputs = sections.iter().filter(|(section, _)| *section != "output");
        let paths = inputs.filter_map(|(_, keys)| keys.get("path")?.as_str());
        files.extend(paths.flat_map(|path| files_in(&data().join(path))));
    }
    files.sort();
    files.dedup();
    files
}

/// All files of a folder, with links followed; for a file, the file itself.
pub fn files_in(path: &Path) -> Vec<PathBuf> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.flat_map(|entry| files_in(&entry.path())).collect()
        }
        Ok(_) => vec![path.to_owned()],
        Err(_) => vec![],
    }
}

/// Copies the segments of the bundled enrichment to a folder with another enrichment file, which then publishes the same
/// tables.
pub fn copy_segments(folder: &Path) {
    fs::create_dir_all(folder.join("segments")).unwrap();
    for file in files_in(&data().join("segments")) {
        fs::copy(&file, folder.join("segments").join(file.file_name().unwrap())).unwrap();
    }
}

/// The bundled enrichment, with `output` as its output folder.
pub fn bundled(output: &Path) -> Enrichment {
    bundled_as_of(output, None)
}

/// Like [`bundled`], with an as-of date that overrides the one of the file.
pub fn bundled_as_of(output: &Path, as_of: Option<&str>) -> Enrichment {
    let (as_of, output) = (as_of.map(str::to_string), Some(output.to_path_buf()));
    let overrides = Overrides { as_of, output, ..Overrides::default() };
    Enrichment::open_with(data().join("enrichment.toml"), &overrides).unwrap()
}

/// A session with this number of partitions and rows per batch. With tiny batches the first aggregation is
/// skipped, so that states are made of single rows.
pub fn session(target_partitions: usize, batch_size: usize) -> SessionContext {
    let mut config =
        SessionConfig::new().with_target_partitions(target_partitions).with_batch_size(batch_size);
    if batch_size < 100 {
        let execution = &mut config.options_mut().execution;
        execution.skip_partial_aggregation_probe_rows_threshold = 5;
        execution.skip_partial_aggregation_probe_ratio_threshold = 0.0;
    }
    session::with_config(config).unwrap()
}

/// A finished run of the bundled enrichment with default settings.
pub struct Run {
    pub enrichment: Enrichment,
    pub report: Report,
    /// A session over its inputs, with all views.
    pub ctx: SessionContext,
}

/// One run of the bundled enrichment for all tests; do not call it inside a runtime.
pub fn bundled_run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundled");
        let _ = fs::remove_dir_all(&output);
        let enrichment = bundled(&output);
        let ctx = session(4, 8192);
        block_on(async {
            let report = pipeline::run_on(&session(4, 8192), &enrichment, &Silent).await.unwrap();
            session::live_on(&ctx, &enrichment).await.unwrap();
            Run { enrichment, report, ctx }
        })
    })
}

/// The bytes of every published file, by name.
pub fn published(output: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = |table: &datafusion_engagement::publish::Table| table.file("Office");
    TABLES.iter().map(|t| (file(t), fs::read(output.join(file(t))).unwrap())).collect()
}

/// The rows of a query, one text per value.
pub async fn rows(ctx: &SessionContext, sql: &str) -> Result<Vec<Vec<String>>, DataFusionError> {
    Ok(texts(&ctx.sql(sql).await?.collect().await?))
}

/// The value of a query that returns one row with one column.
pub async fn value(ctx: &SessionContext, sql: &str) -> String {
    let rows = rows(ctx, sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
    assert_eq!((rows.len(), rows.first().map(Vec::len)), (1, Some(1)), "one value is expected of {sql}");
    rows[0][0].clone()
}

/// Every value as text: NULL, floats in full, dates in ISO format, binary as hexadecimal digits.
pub fn texts(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = vec![];
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect()),
        );
    }
    rows
}
