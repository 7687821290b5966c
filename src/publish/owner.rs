//! Whose tables are published. An enrichment reads its own tables only, and replaces others only if the
//! command line permits it (`--replace`).
//!
//! The name identifies an enrichment, so its file can be renamed or moved. The name is in the footer of each
//! published file ([`Description`]); for Delta tables it is in the manifest and in the commits.

use std::io::ErrorKind as IoErrorKind;
use std::iter::successors;
use std::path::Path as LocalPath;

use chrono::NaiveDate;
use datafusion::error::DataFusionError;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt};

use super::Description;
use super::tables::{Table, tables_of};
use crate::config::Enrichment;
use crate::error::{Error, Result};

/// To whom a file or table belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// There is no such file.
    Nobody,
    /// The enrichment with this name.
    Enrichment(String),
    /// It does not say whose it is: this program has not published it, or it is damaged.
    Unknown,
}

impl Owner {
    /// The owner of what has this description.
    pub(crate) fn named(description: &Description) -> Self {
        description.enrichment().map_or(Self::Unknown, |name| Self::Enrichment(name.to_owned()))
    }

    /// The owner of a file on this machine.
    pub(crate) fn of_file(path: &LocalPath) -> Self {
        match Description::of_file(path) {
            Ok(description) => Self::named(&description),
            Err(DataFusionError::IoError(e)) if e.kind() == IoErrorKind::NotFound => Self::Nobody,
            Err(_) => Self::Unknown,
        }
    }

    /// The owner of a file in an object store.
    ///
    /// # Errors
    /// The store does not answer, or refuses to.
    pub(crate) async fn of_object(store: &dyn ObjectStore, path: &Path) -> Result<Self, StoreError> {
        Ok(described(store, path).await?.map_or_else(|owner| owner, |description| Self::named(&description)))
    }
}

/// The description of a file in an object store. The inner error is the owner of a file without one.
///
/// # Errors
/// The store does not answer, or refuses to.
pub(crate) async fn described(
    store: &dyn ObjectStore,
    path: &Path,
) -> Result<Result<Description, Owner>, StoreError> {
    let meta = match store.head(path).await {
        Ok(meta) => meta,
        Err(StoreError::NotFound { .. }) => return Ok(Err(Owner::Nobody)),
        Err(error) => return Err(error),
    };
    match Description::of_object(store, &meta, None).await {
        Err(error) if is_of_store(&error) => {
            Err(StoreError::Generic { store: "store", source: Box::new(error) })
        }
        read => Ok(read.map_err(|_| Owner::Unknown)),
    }
}

/// Whether an error of reading a file comes from the store, and not from what the file contains.
pub(crate) fn is_of_store(error: &DataFusionError) -> bool {
    let first = error as &(dyn std::error::Error + 'static);
    successors(Some(first), |e| e.source()).any(|e| e.is::<StoreError>())
}

/// The enrichment that publishes or reads, and what its errors say.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// The name of the enrichment.
    name: String,
    /// The enrichment file.
    file: String,
    /// The command that publishes.
    again: String,
    /// The command that publishes and replaces.
    command: String,
    /// Whether tables of others can be replaced.
    replace: bool,
    /// With `[output] history`, the as-of date under which the tables are retained, too.
    pub(crate) retained: Option<NaiveDate>,
    /// Whether numbers about few people are suppressed. Then a run publishes only after the run that it has found when it
    /// began: it does not know what another one has published about months.
    pub(crate) is_protected: bool,
    /// The tables that the run publishes.
    pub(crate) tables: Vec<&'static Table>,
}

impl Claim {
    pub(crate) fn of(enrichment: &Enrichment) -> Self {
        Self {
            name: enrichment.name.clone(),
            file: enrichment.file.display().to_string(),
            again: enrichment.run_command(),
            command: enrichment.run_command_with("--replace"),
            replace: enrichment.output.replace,
            retained: enrichment.output.history.then_some(enrichment.as_of),
            is_protected: enrichment.min_people > 1,
            tables: tables_of(enrichment).collect(),
        }
    }

    /// For tests whose files are not Parquet files: everything can be replaced.
    #[cfg(test)]
    pub(crate) fn on_everything() -> Self {
        Self { replace: true, ..Self::of_test("") }
    }

    #[cfg(test)]
    pub(crate) fn of_test(name: &str) -> Self {
        let (name, file, command) = (name.to_owned(), format!("{name}.toml"), "engagement run X".to_owned());
        let (again, tables) = (command.clone(), super::TABLES.iter().collect());
        Self { name, file, again, command, replace: false, retained: None, is_protected: false, tables }
    }

    /// Checks that a run can publish, given whether the same run is published as when it began.
    ///
    /// # Errors
    /// Another one is, and numbers about few people are suppressed. The error is temporary.
    pub(crate) fn follows(&self, is_same: bool) -> Result<()> {
        if is_same || !self.is_protected {
            return Ok(());
        }
        let what = "[output] another run has published since this run began, and nothing of this run is published; run again";
        Err(Error::output(what).with_temporary(true))
    }

    /// Checks that a run can replace what is at a place in the output.
    ///
    /// # Errors
    /// It belongs to another enrichment, or to nobody known.
    pub(crate) fn replaces(&self, place: &str, owner: &Owner) -> Result<()> {
        let what = match owner {
            _ if self.replace => return Ok(()),
            Owner::Nobody => return Ok(()),
            Owner::Enrichment(name) if *name == self.name => return Ok(()),
            Owner::Enrichment(name) => {
                format!("is published by the enrichment {name:?}, and this one is {:?}", self.name)
            }
            Owner::Unknown => "does not say that an enrichment has published it".to_owned(),
        };
        Err(Error::enrichment(format!(
            "{}: [output] {place} {what}; choose another path or table, or replace it: {}",
            self.file, self.command
        )))
    }

    /// Checks that a run can publish beside tables of the other format, which it does not replace.
    ///
    /// # Errors
    /// They belong to another enrichment.
    pub(crate) fn publishes_beside(&self, place: &str, owner: &Owner) -> Result<()> {
        match owner {
            Owner::Enrichment(name) if *name != self.name && !self.replace => {
                Err(Error::enrichment(format!(
                    "{}: [output] {place} is published by the enrichment {name:?} in the other format, and this one is {:?}; \
                 choose another path or table, or publish beside it: {}",
                    self.file, self.name, self.command
                )))
            }
            _ => Ok(()),
        }
    }

    /// Checks that what is published at a place in the output belongs to this enrichment, so that its numbers
    /// answer for it.
    ///
    /// # Errors
    /// It belongs to another enrichment, or to nobody known.
    pub(crate) fn reads(&self, place: &str, description: &Description) -> Result<()> {
        let whose = match description.enrichment() {
            Some(name) if name == self.name => return Ok(()),
            Some(name) => format!("are those of the enrichment {name:?}, and this one is {:?}", self.name),
            None => "do not say of which enrichment they are".to_owned(),
        };
        Err(Error::enrichment(format!(
            "{}: [output] {place}: the published tables {whose}; choose another path or table, or replace \
             them: {}",
            self.file, self.command
        )))
    }

    /// Checks that a published file belongs to the run that has published Office, which is of this enrichment:
    /// both name the same enrichment and the same as-of date.
    ///
    /// # Errors
    /// The file belongs to another enrichment, to nobody known, or to a run of another as-of date.
    pub(crate) fn reads_together(&self, office: &Description, file: &str, other: &Description) -> Result<()> {
        let date = |of: &Description| of.as_of().map_or_else(|| "unknown".to_owned(), |d| d.to_string());
        let (what, run) = match other.enrichment() {
            Some(name) if name == self.name => match (date(other), date(office)) {
                (of_file, of_office) if of_file == of_office => return Ok(()),
                (of_file, of_office) => {
                    (format!("is of the as-of date {of_file}, and Office of {of_office}"), &self.again)
                }
            },
            Some(name) => {
                (format!("is of the enrichment {name:?}, and Office of {:?}", self.name), &self.command)
            }
            None => (
                format!("does not say of which enrichment it is, and Office is of {:?}", self.name),
                &self.command,
            ),
        };
        Err(Error::enrichment(format!(
            "{}: [output] {file} {what}: the published tables are not of one run; run again: {run}",
            self.file
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(replace: bool) -> Claim {
        Claim { replace, ..Claim::of_test("emea") }
    }

    #[test]
    fn only_its_own_and_nothing_is_replaced() {
        let owner = |name: &str| Owner::Enrichment(name.to_owned());
        for (found, replace, says) in [
            (Owner::Nobody, false, ""),
            (owner("emea"), false, ""),
            (owner("us"), true, ""),
            (Owner::Unknown, true, ""),
            (
                owner("us"),
                false,
                "out is published by the enrichment \"us\", and this one is \"emea\"; choose",
            ),
            (owner("EMEA"), false, "the enrichment \"EMEA\""),
            (Owner::Unknown, false, "out does not say that an enrichment has published it; choose"),
        ] {
            let checked = claim(replace).replaces("out", &found);
            let error = checked.err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains(says) && error.is_empty() == says.is_empty(), "{error}");
        }
        let error = claim(false).replaces("out", &owner("us")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(
            text.starts_with("emea.toml: [output] out ") && text.ends_with(": engagement run X"),
            "{text}"
        );
    }

    #[test]
    fn the_owner_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Office.parquet");
        assert_eq!(Owner::of_file(&file), Owner::Nobody);
        for text in ["", "PAR1", "of another program", "PAR1aaaaaaaaaaaaaaaa\u{ff}\u{0}\u{0}\u{0}PAR1"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(Owner::of_file(&file), Owner::Unknown, "{text:?}");
        }
    }

    #[tokio::test]
    async fn the_owner_of_an_object() {
        let (store, path) = (object_store::memory::InMemory::new(), Path::from("out/Office.parquet"));
        assert_eq!(Owner::of_object(&store, &path).await.unwrap(), Owner::Nobody);
        store.put(&path, "of another program".into()).await.unwrap();
        assert_eq!(Owner::of_object(&store, &path).await.unwrap(), Owner::Unknown);
    }
}
