//! `engagement init`: proposes an enrichment file for the files in a folder.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::out;
use super::text::visible;
use crate::config::listed;
use crate::engine::session;
use crate::error::{Error, Result};
use crate::pipeline::{self, Proposal};

/// Propose an enrichment file for the files in a folder.
///
/// Looks at the Parquet and CSV files, the exports of Microsoft Graph, and the Delta tables in the folder, and
/// recognizes mail, meetings, contacts, accounts, users and groups by the names and types of their columns. Prints an
/// enrichment file that reads them, with a comment on each key; what is not used, and why, goes to standard error. Fill in
/// what is marked TO FILL IN, without which no run publishes, and read the rest: it is a proposal.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement init exports > enrichment.toml
  engagement init exports --output exports/enrichment.toml
  engagement check exports/enrichment.toml")]
pub struct Init {
    /// The folder of the files.
    dir: PathBuf,
    /// Write the file here, instead of to standard output. A file that exists is not replaced.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Init {
    pub async fn run(self) -> Result<()> {
        // Standard output is taken to become a file in the working directory.
        let file = self.output.clone().unwrap_or_else(|| PathBuf::from("enrichment.toml"));
        let Proposal { text, found, notes, placeholders } =
            pipeline::propose(&session::new()?, &self.dir, &file).await?;
        match &self.output {
            Some(file) => write_new(file, &text)?,
            None => out::print(&text)?,
        }
        for line in found {
            out::note(format!("Found {}", visible(&line)));
        }
        for line in notes {
            out::note(format!("Note: {}", visible(&line)));
        }
        let placeholders: Vec<_> = placeholders.iter().map(|section| format!("[{section}]")).collect();
        let (fill_in, file) = (listed(&placeholders, "and"), file.display());
        out::note(format!("Fill in {fill_in}, read the rest, and run: engagement check {file}"));
        Ok(())
    }
}

/// Writes a file that does not exist yet, as a whole or not at all.
///
/// # Errors
/// It exists, or it cannot be written.
fn write_new(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot = |e: std::io::Error| match e.kind() {
        ErrorKind::AlreadyExists => {
            Error::output(format!("{}: exists, and is not replaced; give another --output", file.display()))
        }
        _ => Error::output(format!("{}: cannot be written: {e}", file.display())),
    };
    // As any new file: whether others can read it is decided by the umask.
    let permissions = std::fs::Permissions::from_mode(0o666);
    let new = tempfile::Builder::new().permissions(permissions).tempfile_in(folder);
    let mut new = new.map_err(cannot)?;
    new.write_all(text.as_bytes()).map_err(cannot)?;
    new.persist_noclobber(file).map_err(|e| cannot(e.error))?;
    Ok(())
}
