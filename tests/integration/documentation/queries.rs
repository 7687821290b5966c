//! SQL blocks: queries over published tables.

use datafusion_engagement::publish::TABLES;

use super::workspace::Workspace;
use crate::installed::python;
use crate::readers::READERS;

/// Runs a block in the folder of a page. Its query succeeds and returns rows.
///
/// A block whose first line is `-- DuckDB` is run by DuckDB, in the folder of the enrichment file. If it reads a
/// Delta table, only the name of the table is checked: the extension of DuckDB is not part of the package.
///
/// # Errors
/// What is wrong.
pub fn run(sql: &str, workspace: &Workspace) -> Result<(), String> {
    if sql.lines().next() != Some("-- DuckDB") {
        publish(workspace)?;
        let ended =
            workspace.run("engagement", ["sql", "data/enrichment.toml", "--format", "csv", "-c", sql]);
        // The first line of CSV is its header.
        return match ended.succeeded && ended.output.lines().count() > 1 {
            true => Ok(()),
            false => Err(format!("this query fails, or returns no row:\n{}", ended.output)),
        };
    }
    if let Some((_, path)) = sql.split_once("delta_scan('") {
        let folder = path.split('\'').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let is_published = TABLES.iter().any(|table| table.folder("Office") == folder);
        return if is_published { Ok(()) } else { Err(format!("{folder:?} is not a published table")) };
    }
    publish(workspace)?;
    let script = "import duckdb, os, sys\nos.chdir('data')\nsys.exit(not duckdb.sql(sys.argv[1]).fetchall())";
    let ended = workspace.run(python("readers", READERS).join("bin/python"), ["-c", script, sql]);
    if ended.succeeded {
        Ok(())
    } else {
        Err(format!("this query fails, or returns no row:\n{}", ended.output))
    }
}

/// Runs the bundled enrichment if the page has not done so before.
fn publish(workspace: &Workspace) -> Result<(), String> {
    if workspace.folder().join("data/out").exists() {
        return Ok(());
    }
    let ended = workspace.run("engagement", ["run", "data/enrichment.toml"]);
    if ended.succeeded { Ok(()) } else { Err(ended.output) }
}
