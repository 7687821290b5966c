//! Inputs that are replaced early in a run: after a file was found, and before its rows are read. Without a check, a
//! run would plan with the columns of one file and read the other one.

use std::fs;
use std::path::Path;

use datafusion_engagement::config::Enrichment;
use datafusion_engagement::error::{Error, ErrorKind};
use datafusion_engagement::query::session;

use crate::support::{block_on, data};
use crate::worked;

/// Registers the inputs, replaces a file, and reads.
async fn replaced_before_reading(enrichment: &Enrichment, file: &Path) -> Result<(), Error> {
    let ctx = session::new()?;
    let sources = session::register_inputs(&ctx, enrichment).await?;
    let mut other = fs::read(file).unwrap();
    other.push(b'\n');
    let beside = file.with_extension("new");
    fs::write(&beside, other).unwrap();
    fs::rename(&beside, file).unwrap();
    session::reading(&ctx, &sources, async { Ok(()) }).await
}

fn refused(result: Result<(), Error>, section: &str, file: &Path) {
    let error = result.unwrap_err();
    let says = format!("[{section}] {}: has changed while it was read; run again", file.display());
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().starts_with(&says), "{error}");
}

#[test]
fn every_section_is_compared_from_its_first_look() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        for section in ["contacts", "accounts", "users", "mail", "meetings"] {
            worked::inputs(folder.path()).await;
            let enrichment = Enrichment::open(folder.path().join("enrichment.toml")).unwrap();
            let file = folder.path().join(format!("{section}.parquet"));
            refused(replaced_before_reading(&enrichment, &file).await, section, &file);
        }
    });
}

#[test]
fn every_format_is_compared_from_its_first_look() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        worked::inputs(folder.path()).await;
        let toml = folder.path().join("enrichment.toml");
        let text = fs::read_to_string(&toml).unwrap();
        let export = data().join("graph-data-connect/mail");
        let json = fs::read_dir(export).unwrap().map(|entry| entry.unwrap().path());
        let json = json.filter(|path| path.extension().is_some_and(|e| e == "gz")).min().unwrap();
        fs::copy(json, folder.path().join("mail.json.gz")).unwrap();
        fs::write(folder.path().join("contacts.csv"), "email,account_id\ncarl@acme.com,acme\n").unwrap();
        for (section, file, format) in
            [("contacts", "contacts.csv", "csv"), ("mail", "mail.json.gz", "graph-data-connect")]
        {
            let parquet = format!("path = \"{section}.parquet\"");
            fs::write(&toml, text.replace(&parquet, &format!("path = \"{file}\"\nformat = \"{format}\"")))
                .unwrap();
            let enrichment = Enrichment::open(&toml).unwrap();
            let file = folder.path().join(file);
            refused(replaced_before_reading(&enrichment, &file).await, section, &file);
        }
    });
}
