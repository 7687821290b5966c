//! Runs with limited memory: the result is either the same or there is none. Spill files are gone afterwards,
//! and an error is one line that says what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::OnceLock;
use std::time::Duration;

use datafusion::arrow::compute::concat_batches;
use datafusion::prelude::SessionConfig;
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::error::{ErrorKind, Result};
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::query::session;
use datafusion_engagement::query::session::Resources;
use tempfile::TempDir;

use crate::files::write;
use crate::process::{self, DAYS, Disk, ENGAGEMENT, arguments, caught, error, published, refused};
use crate::support::block_on;

const ENRICHMENT: &str = r#"
name = "large"
as_of = "2026-10-31"
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
file = "mailboxes.txt"
[contacts]
path = "contacts.parquet"
[mail]
path = "mail.parquet"
"#;

/// 600,000 messages between 200 internal people and 20,000 contacts.
const MAIL: &str = "select 'message-' || value || repeat('x', 40) as message_id, 'thread-' || (value / 3) as conversation_id, \
    arrow_cast(1767225600000000 + value * 33000000, 'Timestamp(Microsecond, None)') as sent_at, \
    case when value % 3 = 0 then ours else theirs end as sender, \
    [case when value % 3 = 0 then theirs else ours end, 'stranger' || value || '@elsewhere.com'] as \"to\" \
    from (select value, 'colleague' || (value % 200) || '@us.com' as ours, \
          'customer' || (value * 7919 % 20000) || '@account' || (value * 7919 % 2000) || '.com' as theirs \
          from generate_series(1, 600000))";
const CONTACTS: &str = "select 'customer' || value || '@account' || (value % 2000) || '.com' as email, \
    'account-' || (value % 2000) as account_id, 'contact-' || value as contact_id from generate_series(0, 19999)";

/// The folder with the inputs.
fn inputs() -> &'static Path {
    static INPUTS: OnceLock<TempDir> = OnceLock::new();
    let folder = INPUTS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        block_on(async {
            let ctx = session::new().unwrap();
            for (name, sql) in [("mail", MAIL), ("contacts", CONTACTS)] {
                let frame = ctx.sql(sql).await.unwrap();
                let schema = frame.schema().inner().clone();
                let batch = concat_batches(&schema, &frame.collect().await.unwrap()).unwrap();
                write(&folder.path().join(format!("{name}.parquet")), &batch);
            }
        });
        let mailboxes: String = (0..200).map(|i| format!("colleague{i}@us.com\n")).collect();
        fs::write(folder.path().join("mailboxes.txt"), mailboxes).unwrap();
        fs::write(folder.path().join("enrichment.toml"), ENRICHMENT).unwrap();
        folder
    });
    folder.path()
}

fn file() -> PathBuf {
    inputs().join("enrichment.toml")
}

/// A run with this memory limit that spills to the folder `spill`.
fn run_within(memory_limit: usize, spill: &Path, output: &Path) -> Result<Report> {
    let overrides = Overrides { output: Some(output.to_path_buf()), ..Overrides::default() };
    let enrichment = Enrichment::open_with(file(), &overrides).unwrap();
    let resources = Resources { memory_limit: Some(memory_limit), spill_dir: Some(spill.to_path_buf()) };
    block_on(async {
        let config = SessionConfig::new().with_target_partitions(2);
        pipeline::run_on(&session::with_resources(config, &resources)?, &enrichment, &Silent).await
    })
}

fn spilled(report: &Report) -> u64 {
    report.stages.iter().map(|stage| stage.bytes_spilled).sum()
}

/// Limits from far too little to plenty. The published bytes do not depend on them.
#[test]
fn the_same_bytes_or_one_line_that_helps() {
    let folder = tempfile::tempdir().unwrap();
    let (spill, plenty) = (folder.path().join("spill"), folder.path().join("plenty"));
    fs::create_dir(&spill).unwrap();
    let roomy = run_within(4 << 30, &spill, &plenty).unwrap();
    assert_eq!(spilled(&roomy), 0);
    let (mut refused, mut spilling) = (0, 0);
    for megabytes in [1, 4, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192] {
        let output = folder.path().join(format!("{megabytes}"));
        match run_within(megabytes << 20, &spill, &output) {
            Ok(report) => {
                spilling += usize::from(spilled(&report) > 0);
                assert!(published(&output) == published(&plenty), "{megabytes} MB: other bytes");
                let most = report.stages.iter().map(|stage| stage.peak_memory).max().unwrap();
                assert!(most <= (megabytes as u64) << 20, "{most} bytes of {megabytes} MB");
            }
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Resources, "{megabytes} MB: {text}");
                assert!(text.contains("--memory-limit") && !text.contains('\n'), "{megabytes} MB: {text}");
                assert_eq!(published(&output), None, "{megabytes} MB");
            }
        }
        assert_eq!(fs::read_dir(&spill).unwrap().count(), 0, "{megabytes} MB: the folder is empty");
    }
    assert!(refused > 0 && spilling > 0, "{refused} are refused, {spilling} spill");
}

/// Starts a run that has to spill, as a process.
fn start(spill: &Path, output: &Path) -> Child {
    let spill = ["--memory-limit", MEMORY, "--spill-dir", &spill.display().to_string()].map(str::to_owned);
    let arguments = [arguments(&file(), output, DAYS[0]), spill.to_vec()].concat();
    caught(ENGAGEMENT, &arguments).spawn().unwrap()
}

/// A limit with which the run has to spill.
const MEMORY: &str = "112MiB";

/// How many bytes the process has in open anonymous files below this folder.
fn nameless_bytes(child: &Child, spill: &Path) -> u64 {
    let open = fs::read_dir(format!("/proc/{}/fd", child.id()));
    let files = open.into_iter().flatten().flatten().map(|entry| entry.path());
    let is_spilled = |file: &PathBuf| {
        fs::read_link(file)
            .is_ok_and(|to| to.starts_with(spill) && to.display().to_string().ends_with(" (deleted)"))
    };
    files.filter(is_spilled).filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum()
}

#[test]
#[cfg(target_os = "linux")]
fn killed_while_it_spills() {
    let folder = tempfile::tempdir().unwrap();
    let (spill, output) = (folder.path().join("spill"), folder.path().join("out"));
    fs::create_dir(&spill).unwrap();
    let there = || fs::read_dir(&spill).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let nothing: [PathBuf; 0] = [];
    let before = process::run(&file(), &output, DAYS[0]);
    // With so little memory the run may succeed or fail.
    let mut left_to_itself = start(&spill, &output);
    let mut most = 0;
    while left_to_itself.try_wait().unwrap().is_none() {
        most = most.max(nameless_bytes(&left_to_itself, &spill));
        assert_eq!(there(), nothing, "while it runs");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(most > 1_000_000, "{most} bytes were spilled");
    for part in 1..=5 {
        let mut child = start(&spill, &output);
        while nameless_bytes(&child, &spill) < most * part / 8 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(there(), nothing, "after part {part}");
        assert!(published(&output).unwrap() == before);
    }
}

#[test]
fn a_full_disk_for_what_is_spilled() {
    let Some(disk) = Disk::new(256) else { return };
    let folder = tempfile::tempdir().unwrap();
    let outcome = start(disk.path(), folder.path()).wait_with_output().unwrap();
    refused(&outcome, 75, "No space left on device");
    let says = format!("{}: cannot be used for spilling: ", disk.path().display());
    refused(&outcome, 75, &says);
    refused(&outcome, 75, "give --spill-dir a folder with more free space");
    assert_eq!(published(folder.path()), None);
}

#[test]
fn a_folder_that_cannot_be_spilled_to() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = start(Path::new("/proc/nowhere"), folder.path()).wait_with_output().unwrap();
    refused(&outcome, 1, "/proc/nowhere: cannot be used for spilling: ");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "found before anything is computed");
}

/// Every command that computes has the limit, and reports the same error if it is too low.
#[test]
fn every_door_has_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    process::run(&file(), folder.path(), DAYS[0]);
    let (file, output) = (file().display().to_string(), folder.path().display().to_string());
    // Neither query can spill enough: one value of gigabytes, and one value of a kilobyte per row.
    for query in [
        "select array_agg(repeat(sender, 1000)) from stg_mail",
        "select count(*) from (select message_id, array_agg(repeat(sender, 100)) from stg_mail group by 1)",
    ] {
        let arguments = ["sql", &file, "--output", &output, "--memory-limit", "32MiB", "--live", "-c", query];
        let outcome = caught(ENGAGEMENT, &arguments.map(String::from)).output().unwrap();
        let told = error(&outcome);
        let last = told.lines().last().unwrap_or_default();
        let is_told =
            last.starts_with("error: there is too little memory") && last.contains("--memory-limit");
        assert!(outcome.status.code() == Some(75) && is_told || outcome.status.success(), "{query}: {told}");
        assert!(!query.contains("1000") || is_told, "{query}: {told}");
    }
    for arguments in [vec!["check"], vec!["segment"], vec!["card", "account-7"]] {
        let given = [&file, "--output", &output, "--memory-limit", "64MiB"].map(String::from);
        let named: Vec<_> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let all = [&named[..1], &given, &named[1..]].concat();
        let outcome = caught(ENGAGEMENT, &all).output().unwrap();
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{arguments:?}");
    }
}
