//! Examines JSON files before they are read: which of them belong to the export, and which columns they have.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};

use super::dataset::Dataset;
use super::found::{Found, cannot_be_read, looks};
use super::objects::Objects;
use crate::config::Format;
use crate::error::{Error, Result};
use crate::inputs::{hive, text};
use crate::storage::InputFile;

/// How many bytes of a file are searched for its columns. More is read only of a file that has none in them.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// How many files that are not read are named. Of the others, the number is given.
const MOST_NAMED: usize = 10;

/// The JSON files of a section.
pub(crate) struct JsonFiles {
    dataset: &'static Dataset,
    section: &'static str,
    /// The files of the export. A file without any object is one of them.
    pub(crate) files: Vec<InputFile>,
    /// The keys of the folders of these files.
    pub(crate) keys: Vec<hive::Keys>,
    /// The columns in the first objects of each file that has objects.
    pub(crate) samples: Vec<Found>,
    /// The files that are not read, and why.
    others: Vec<(InputFile, String)>,
}

/// The first objects of a file.
struct Sample {
    keys: Vec<String>,
    records: u64,
}

impl JsonFiles {
    /// Examines the first objects of each file.
    ///
    /// # Errors
    /// A file that is damaged there, or that cannot be read.
    pub(crate) async fn examine(
        dataset: &'static Dataset,
        section: &'static str,
        files: Vec<(InputFile, hive::Keys)>,
    ) -> Result<Self> {
        let (files, keys): (Vec<_>, Vec<_>) = files.into_iter().unzip();
        let samples = looks(&files, move |file| sample(dataset, section, file, SAMPLE_BYTES)).await;
        let mut json =
            Self { dataset, section, files: vec![], keys: vec![], samples: vec![], others: vec![] };
        for ((file, keys), sample) in files.into_iter().zip(keys).zip(samples) {
            let sample = sample?;
            if sample.records > 0 && !dataset.has(&sample.keys) {
                json.others.push((file, sample.why_not(dataset)));
                continue;
            }
            if sample.records > 0 {
                json.samples.push(sample.found(dataset, section, &file, &keys));
            }
            json.files.push(file);
            json.keys.push(keys);
        }
        Ok(json)
    }

    /// Checks that there is a file of the export, if there are files at all.
    ///
    /// # Errors
    /// No file belongs to the export.
    pub(crate) fn has_export(&self) -> Result<()> {
        match self.others.first() {
            Some((file, why)) if self.files.is_empty() => {
                Err(Error::input(format!("[{0}] {file} is not an export of {0}: {why}", self.section)))
            }
            _ => Ok(()),
        }
    }

    /// The columns in all objects of each file that has objects. This reads the files completely.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub(crate) async fn complete_samples(&self) -> Result<Vec<Found>> {
        let (dataset, section) = (self.dataset, self.section);
        let samples = looks(&self.files, move |file| sample(dataset, section, file, u64::MAX)).await;
        let mut found = vec![];
        for ((file, keys), sample) in self.files.iter().zip(&self.keys).zip(samples) {
            let sample = sample?;
            if sample.records > 0 {
                found.push(sample.found(dataset, section, file, keys));
            }
        }
        Ok(found)
    }

    /// The notes about files that are not read.
    pub(crate) fn notes(&self) -> Vec<String> {
        let section = self.section;
        let named = self.others.iter().take(MOST_NAMED);
        let named = named.map(|(file, why)| format!("[{section}] {file} is not read: {why}"));
        let more = self.others.len().saturating_sub(MOST_NAMED);
        let rest =
            (more > 0).then(|| format!("[{section}] {more} more files are not read, for such reasons"));
        named.chain(rest).collect()
    }
}

impl Sample {
    fn found(&self, dataset: &Dataset, section: &str, file: &InputFile, keys: &hive::Keys) -> Found {
        let columns = dataset.columns.iter().map(|column| {
            let there = self.keys.iter().any(|key| key.eq_ignore_ascii_case(column.name));
            there.then(|| Arc::new(Field::new(column.name, DataType::Utf8, true)))
        });
        Found {
            place: format!("[{section}] {file}"),
            columns: columns.collect(),
            names: self.keys.clone(),
            keys: keys.clone(),
        }
    }

    /// Why the objects do not belong to the dataset.
    fn why_not(&self, dataset: &Dataset) -> String {
        let has = |is_key: &dyn Fn(&str) -> bool| self.keys.iter().any(|key| is_key(key));
        if has(&|key| key == "value") && (self.keys.len() == 1 || has(&|key| key.starts_with("@odata."))) {
            return "it is a page of the Graph API ({\"@odata.context\": ..., \"value\": [...]}); the objects in \
                    value are needed, one per line or in one array"
                .to_owned();
        }
        let objects = match self.records {
            1 => "its only object has".to_owned(),
            many => format!("none of its {many} objects has"),
        };
        let negated = if self.records == 1 { "none of the columns" } else { "one of the columns" };
        format!("{objects} {negated} {}", dataset.in_each.concat().join(", "))
    }
}

/// The names in the first objects of a JSON file.
///
/// # Errors
/// A file that is damaged there, or that cannot be read.
pub(crate) fn names(file: &InputFile) -> Result<Vec<String>> {
    let cannot = |e: std::io::Error| Error::input(format!("{file} cannot be read: {e}"));
    let mut objects = Objects::new(text::open(file).map_err(cannot)?, &[]).with_keys();
    while objects.bytes() < SAMPLE_BYTES {
        if !objects.next().map_err(|e| Error::input(format!("{file} {e}")))? {
            break;
        }
    }
    Ok(objects.keys().to_vec())
}

/// Reads the first objects of a JSON file: `bytes` of it and, beyond that, until an object belongs to the
/// dataset.
fn sample(dataset: &Dataset, section: &str, file: &InputFile, bytes: u64) -> Result<Sample> {
    let place = format!("[{section}] {file}");
    let empty = file.size().map_err(|e| cannot_be_read(section, file, &e))? == 0;
    if empty {
        return Err(Error::input(format!("{place} is empty (0 bytes); remove it or write it again")));
    }
    let mut objects =
        Objects::new(text::open(file).map_err(|e| cannot_be_read(section, file, &e))?, &[]).with_keys();
    while objects.bytes() < bytes || !dataset.has(objects.keys()) {
        match objects.next() {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                let kind = text::kind(file).filter(|kind| objects.records() == 0 && !kind.is_json());
                return Err(Error::input(match kind {
                    Some(kind) => {
                        let remedy = kind.remedy(section, Format::GraphDataConnect);
                        format!("{place} is not JSON but {}; {remedy}", kind.name)
                    }
                    None => format!("{place} {e}"),
                }));
            }
        }
    }
    Ok(Sample { keys: objects.keys().to_vec(), records: objects.records() })
}
