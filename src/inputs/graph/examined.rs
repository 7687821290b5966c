//! Examines the files of an export before their rows are read: footers, first objects, keys of folders.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::object_store::path::Path;
use datafusion::prelude::SessionContext;

use super::dataset::{Column, Dataset};
use super::found::{Found, cannot_be_read, looks};
use super::json_files::JsonFiles;
use super::shape::ambiguous;
use super::table::JsonFile;
use crate::config::{Format, quote};
use crate::error::{Error, Result};
use crate::inputs::known_names::is_alike;
use crate::inputs::listed_files::Own;
use crate::inputs::text::is_parquet;
use crate::inputs::{hive, logical_types, parquet};
use crate::storage::InputFile;

/// The files of a section, and what is known about them.
pub(crate) struct Examined {
    pub(crate) in_parquet: Vec<InputFile>,
    /// The columns of each Parquet file.
    pub(crate) footers: Vec<Found>,
    /// What Parquet files have of their own, by path.
    pub(crate) own: HashMap<Path, Own>,
    /// The number of rows of the Parquet files.
    pub(crate) rows: u64,
    pub(crate) json: JsonFiles,
    /// By column of the dataset: whether it comes from the names of folders.
    from_folders: Vec<bool>,
    /// The notes about keys of folders, and about columns in another spelling.
    notes: Vec<String>,
}

/// Examines files. `keys` are the keys of their folders.
///
/// # Errors
/// A file that is damaged, that cannot be read, or that has a column of a type that cannot be it; or JSON files
/// of which none belongs to the export.
pub(crate) async fn examine(
    ctx: &SessionContext,
    dataset: &'static Dataset,
    section: &'static str,
    files: Vec<InputFile>,
    keys: Vec<hive::Keys>,
) -> Result<Examined> {
    let (mut in_parquet, mut parquet_keys, mut in_json) = (vec![], vec![], vec![]);
    let kinds = looks(&files, is_parquet).await;
    for ((file, keys), parquet) in files.into_iter().zip(keys).zip(kinds) {
        if parquet.map_err(|e| cannot_be_read(section, &file, &e))? {
            in_parquet.push(file);
            parquet_keys.push(keys);
        } else {
            in_json.push((file, keys));
        }
    }
    let look = |index: usize, footer: &parquet::Footer, place: &str| {
        let found = look(dataset, &footer.schema, &parquet_keys[index], place)?;
        Ok((found, footer.own_schema()))
    };
    let footers = parquet::footers(ctx, section, Format::GraphDataConnect, &in_parquet, look).await?;
    let rows = footers.iter().map(|f| f.1).sum();
    let (mut footers, schemas): (Vec<_>, Vec<_>) = footers.into_iter().map(|f| f.0).unzip();
    let mut json = JsonFiles::examine(dataset, section, in_json).await?;
    if in_parquet.is_empty() {
        json.has_export()?;
    }
    let mut notes = notes_of_keys(dataset, section, &footers, &json);
    let from_folders = from_folders(dataset, &footers, &json);
    for found in footers.iter_mut().chain(&mut json.samples) {
        found.add(dataset, &from_folders);
    }
    notes.extend(spelled_otherwise(dataset, section, &footers, &json));
    let mut own = HashMap::new();
    for ((file, found), schema) in in_parquet.iter().zip(&footers).zip(schemas) {
        let values = hive::values(found.columns.iter().flatten(), &found.keys);
        if schema.is_some() || !values.is_empty() {
            own.insert(file.url()?.prefix().clone(), Own { schema, values });
        }
    }
    Ok(Examined { in_parquet, footers, own, rows, json, from_folders, notes })
}

/// Finds the columns of a Parquet file, and checks their types.
fn look(dataset: &Dataset, schema: &Schema, keys: &hive::Keys, place: &str) -> Result<Found> {
    let find = |column: &Column| -> Result<Option<Arc<Field>>> {
        let Some(field) = parquet::find(schema, column.name, place)? else { return Ok(None) };
        let (name, data_type) = (field.name(), field.data_type());
        if !column.shape.takes(&logical_types::text_of(data_type)) {
            return Err(Error::input(format!(
                "{place}: column '{name}' has type {data_type}, but {} is needed",
                column.shape.needed()
            )));
        }
        if let Some([one, other]) = ambiguous(data_type) {
            return Err(Error::input(format!(
                "{place}: column '{name}' is ambiguous: it has fields '{one}' and '{other}', and names count in any \
                 case; rename or remove one"
            )));
        }
        Ok(Some(field))
    };
    let columns = dataset.columns.iter().map(find);
    let names = schema.fields().iter().map(|f| f.name().clone()).collect();
    Ok(Found {
        place: place.to_string(),
        columns: columns.collect::<Result<_>>()?,
        names,
        keys: keys.clone(),
    })
}

/// The notes about keys of folders that have the name of a column.
fn notes_of_keys(dataset: &Dataset, section: &str, footers: &[Found], json: &JsonFiles) -> Vec<String> {
    let columns = dataset.columns.iter().enumerate();
    let notes = columns.filter_map(|(i, column)| {
        let files = footers.iter().chain(&json.samples);
        let files: Vec<_> = files.map(|f| (f.file(), &f.keys, f.columns[i].is_some())).collect();
        hive::note(section, column.name, &files)
    });
    notes.collect()
}

/// The notes about columns that a file lacks, while it has one with another name that means the same.
fn spelled_otherwise(dataset: &Dataset, section: &str, footers: &[Found], json: &JsonFiles) -> Vec<String> {
    let is_own = |name: &str| dataset.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let columns = dataset.columns.iter().enumerate();
    let mut used = vec![];
    let notes = columns.filter_map(|(i, column)| {
        let mut lacking = footers.iter().chain(&json.samples).filter(|found| found.columns[i].is_none());
        let (file, name) = lacking.find_map(|found| {
            let is_meant = |name: &&String| {
                !is_own(name) && !used.contains(name) && is_alike(section, column.name, name)
            };
            Some((found.file(), found.names.iter().find(is_meant)?))
        })?;
        used.push(name);
        let means = column.absent.map_or_else(String::new, |means| format!(", and {means}"));
        Some(format!(
            "[{section}] the column {} of {file} is not read, because its name is not {1}{means}; rename it to {1}",
            quote(name),
            column.name
        ))
    });
    notes.collect()
}

/// The columns that no file has and that are a key of some folder.
fn from_folders(dataset: &Dataset, footers: &[Found], json: &JsonFiles) -> Vec<bool> {
    let columns = dataset.columns.iter().enumerate();
    let is_from_folders = columns.map(|(i, column)| {
        let mut all = footers.iter().chain(&json.samples);
        let mut keys = footers.iter().map(|found| &found.keys).chain(&json.keys);
        all.all(|found| found.columns[i].is_none()) && keys.any(|keys| hive::has(column.name, keys))
    });
    is_from_folders.collect()
}

impl Examined {
    /// The files that are read.
    pub(crate) fn files(&self) -> Vec<InputFile> {
        self.in_parquet.iter().chain(&self.json.files).cloned().collect()
    }

    /// The keys of the folders of each file that is read.
    pub(crate) fn keys(&self) -> Vec<hive::Keys> {
        self.footers.iter().map(|found| &found.keys).chain(&self.json.keys).cloned().collect()
    }

    /// The notes about keys of folders, about columns in another spelling, and about files that are not read.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.json.notes()).collect()
    }

    /// The optional columns that some Parquet file lacks: the name of each, and the consequence.
    pub(crate) fn missing(&self, dataset: &Dataset) -> Vec<(&'static str, &'static str)> {
        dataset.missing(|i| self.footers.iter().any(|found| found.columns[i].is_none()))
    }

    /// The columns that come from the names of folders.
    pub(crate) fn folder_columns(&self, dataset: &Dataset) -> Vec<&'static str> {
        dataset
            .names()
            .into_iter()
            .zip(&self.from_folders)
            .filter(|(_, is)| **is)
            .map(|(name, _)| name)
            .collect()
    }

    /// The JSON files, each with the values that its folders give to columns.
    pub(crate) fn json_tables(&self, dataset: &Dataset) -> Vec<JsonFile> {
        let files = self.json.files.iter().zip(&self.json.keys).map(|(file, keys)| {
            let columns = dataset.columns.iter().zip(&self.from_folders);
            let values =
                columns.map(|(column, is_key)| is_key.then(|| hive::value(column.name, keys)).flatten());
            JsonFile { file: file.clone(), keys: values.collect(), part: None }
        });
        files.collect()
    }

    /// Checks that the files have the required columns. A JSON object may omit a member that is null, so a
    /// single JSON file need not have them; but at least one file must. JSON files are read completely before a
    /// column is missing.
    pub(crate) async fn check(&self, dataset: &'static Dataset) -> Result<()> {
        for group in dataset.in_each {
            if let Some(found) = self.footers.iter().find(|f| !has(dataset, f, group)) {
                return Err(refused(found, group));
            }
        }
        if lacking(dataset, &self.footers, &self.json.samples).is_ok() {
            return Ok(());
        }
        let mut complete = self.json.complete_samples().await?;
        complete.iter_mut().for_each(|found| found.add(dataset, &self.from_folders));
        lacking(dataset, &self.footers, &complete)
    }
}

/// Checks that each group of required columns is in some file, if there are rows at all.
fn lacking(dataset: &Dataset, footers: &[Found], samples: &[Found]) -> Result<()> {
    let all = || footers.iter().chain(samples);
    let lacks = |group: &[&str]| all().next().filter(|_| !all().any(|found| has(dataset, found, group)));
    if let Some((first, group)) = dataset.in_each.iter().find_map(|group| Some((lacks(group)?, group))) {
        return Err(refused(first, group));
    }
    for (group, export) in dataset.in_some {
        if let Some(first) = lacks(group) {
            return Err(Error::input(format!(
                "{}: the export {export} is missing: no file has column '{}'; this file has: {}",
                first.place,
                group.join("' or '"),
                first.names.join(", ")
            )));
        }
    }
    Ok(())
}

fn has(dataset: &Dataset, found: &Found, group: &[&str]) -> bool {
    dataset.columns.iter().zip(&found.columns).any(|(c, f)| f.is_some() && group.contains(&c.name))
}

fn refused(found: &Found, group: &[&str]) -> Error {
    Error::input(format!(
        "{}: column '{}' is missing; the file has: {}",
        found.place,
        group.join("' or '"),
        found.names.join(", ")
    ))
}
