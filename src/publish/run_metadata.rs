//! The description of a run: key-value metadata in the footer of every published file.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::error::Result;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::parquet::file::metadata::{FileMetaData, KeyValue};
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use object_store::{ObjectMeta, ObjectStore};

use crate::config::{Enrichment, Level, Measure, Source};
use crate::storage::open_regular;

/// The description of a run: pairs of key and value, as the footer of every published file contains them.
/// Keys begin with `engagement.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(Vec<(String, String)>);

const PREFIX: &str = "engagement.";

/// The key of the rule by which numbers are suppressed.
const RULE: &str = "suppression";

/// The rule: accounts with a small month in a window of whole months are suppressed, and a month is judged by what is
/// with this account alone. Runs of versions with a weaker rule name none or another one.
pub(crate) const BY_KIND: &str = "accounts-by-kind-of-engagement";

/// The key of the first and the last day with used rows.
const USED_DAYS: &str = "used_days";

/// Its value if there is no used row.
const NO_DAYS: &str = "none";

/// How many bytes at the end of a file are read at once: the whole footer of most files.
const FOOTER: usize = 1 << 16;

impl Description {
    /// The description of a run of this enrichment by this version of the crate.
    pub fn of(enrichment: &Enrichment) -> Self {
        let levels = enrichment.levels.iter().map(|l| l.as_str()).collect::<Vec<_>>().join(",");
        let sources = enrichment.sources().iter().map(|s| s.as_str()).collect::<Vec<_>>().join(",");
        let weights =
            Measure::ALL.iter().zip(enrichment.score_weights().0).map(|(m, w)| format!("{}={w}", m.name));
        let mut entries = vec![
            ("version", env!("CARGO_PKG_VERSION").to_string()),
            ("enrichment", enrichment.name.clone()),
            ("as_of", enrichment.as_of.to_string()),
            ("first_day", enrichment.first_day().to_string()),
            ("time_zone", enrichment.time_zone.name().to_string()),
            ("reply_window_days", enrichment.reply_window_days.to_string()),
            ("levels", levels),
            ("sources", sources),
            ("weights", weights.collect::<Vec<_>>().join(",")),
            ("consent.granted_on", enrichment.consent.granted_on.to_string()),
        ];
        if enrichment.levels.contains(&Level::Quarter) {
            entries.push(("fiscal_year_start", enrichment.fiscal_year_start.month().to_string()));
        }
        if enrichment.min_people > 1 {
            entries.push(("min_people", enrichment.min_people.to_string()));
            entries.push((RULE, BY_KIND.to_string()));
        }
        entries.extend(enrichment.region.map(|r| ("region", r.as_str().to_string())));
        Self(entries.into_iter().map(|(k, v)| (format!("{PREFIX}{k}"), v)).collect())
    }

    /// The description with the first and the last day with used rows of mail or meetings; `None` if there is no such row.
    /// Not for a run that suppresses numbers.
    pub(crate) fn with_used_days(mut self, days: Option<(NaiveDate, NaiveDate)>) -> Self {
        let text = days.map_or(NO_DAYS.to_owned(), |(first, last)| format!("{first}/{last}"));
        self.0.push((format!("{PREFIX}{USED_DAYS}"), text));
        self
    }

    /// Reads the description from the footer of a Parquet file. Other metadata is ignored.
    pub fn read(footer: &FileMetaData) -> Self {
        let entries = footer.key_value_metadata().into_iter().flatten();
        let ours = entries.filter(|e| e.key.starts_with(PREFIX));
        Self(ours.map(|e| (e.key.clone(), e.value.clone().unwrap_or_default())).collect())
    }

    /// Reads the description from a file on this machine.
    ///
    /// # Errors
    /// The file cannot be read or is not a Parquet file.
    pub(crate) fn of_file(path: &Path) -> Result<Self> {
        let footer = SerializedFileReader::new(open_regular(path)?)?;
        Ok(Self::read(footer.metadata().file_metadata()))
    }

    /// Reads the description from a file in an object store. `cache` is that of the session which then reads
    /// the file, so that it reads the footer once.
    ///
    /// # Errors
    /// The file cannot be read or is not a Parquet file.
    pub(crate) async fn of_object(
        store: &dyn ObjectStore,
        meta: &ObjectMeta,
        cache: Option<Arc<FileMetadataCache>>,
    ) -> Result<Self> {
        let footer = DFParquetMetadata::new(store, meta)
            .with_metadata_size_hint(Some(FOOTER))
            .with_file_metadata_cache(cache)
            .fetch_metadata()
            .await?;
        Ok(Self::read(footer.file_metadata()))
    }

    /// All pairs of key and value. Keys have their prefix.
    #[cfg(feature = "delta")]
    pub(crate) fn entries(&self) -> &[(String, String)] {
        &self.0
    }

    /// A description with pairs of key and value as [`Description::entries`] returns them.
    #[cfg(feature = "delta")]
    pub(crate) fn from_entries(entries: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// The description as key-value metadata of a Parquet footer.
    pub(crate) fn key_values(&self) -> Vec<KeyValue> {
        self.0.iter().map(|(k, v)| KeyValue::new(k.clone(), v.clone())).collect()
    }

    /// The value of a key. The key is given without its prefix.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k.strip_prefix(PREFIX) == Some(key)).map(|(_, v)| v.as_str())
    }

    /// The name of the enrichment; `None` if it is missing.
    pub fn enrichment(&self) -> Option<&str> {
        self.get("enrichment")
    }

    /// The as-of date of the run; `None` if it is missing or not a date.
    pub fn as_of(&self) -> Option<NaiveDate> {
        self.get("as_of")?.parse().ok()
    }

    /// The levels of the run, in the order of [`Level::ALL`].
    pub fn levels(&self) -> Vec<Level> {
        let listed = self.get("levels").unwrap_or_default();
        Level::ALL.into_iter().filter(|l| listed.split(',').any(|name| name == l.as_str())).collect()
    }

    /// The sources of engagement that the run had, in the order of [`Source::ALL`]. All of them if the run did not
    /// record its sources.
    pub fn sources(&self) -> Vec<Source> {
        let Some(listed) = self.get("sources") else { return Source::ALL.to_vec() };
        Source::ALL.into_iter().filter(|s| listed.split(',').any(|name| name == s.as_str())).collect()
    }

    /// The first and the last day with used rows, `Some(None)` if there is no such row; `None` if the run did not record
    /// them: it suppressed numbers, or an earlier version has published it.
    pub(crate) fn used_days(&self) -> Option<Option<(NaiveDate, NaiveDate)>> {
        match self.get(USED_DAYS)? {
            NO_DAYS => Some(None),
            days => {
                let (first, last) = days.split_once('/')?;
                Some(Some((first.parse().ok()?, last.parse().ok()?)))
            }
        }
    }

    /// `[privacy] min_people` of the run: numbers about fewer internal people than this are suppressed. 1
    /// if no number is suppressed.
    pub fn min_people(&self) -> u32 {
        self.get("min_people").and_then(|k| k.parse().ok()).unwrap_or(1)
    }

    /// The rule by which the run suppressed numbers; blank if it suppressed none.
    pub(crate) fn rule(&self) -> &str {
        self.get(RULE).unwrap_or_default()
    }

    /// The number of internal people from which on numbers are published, by the rule of this version; 1 if numbers
    /// are not suppressed, or by a weaker rule of an earlier version.
    pub(crate) fn protection(&self) -> u32 {
        if self.rule() == BY_KIND { self.min_people() } else { 1 }
    }

    /// The weights of the run, in the order of [`Measure::ALL`]; 0 for a measure that is not named, and for the
    /// measures of a source that the run did not have.
    pub fn weights(&self) -> Vec<i64> {
        let listed = self.get("weights").unwrap_or_default();
        let weight = |m: &Measure| {
            let mut named = listed.split(',').filter_map(|entry| entry.split_once('='));
            named.find(|(name, _)| *name == m.name).and_then(|(_, w)| i64::from_str(w).ok()).unwrap_or(0)
        };
        Measure::ALL.iter().map(weight).collect()
    }
}
