//! The enumerated values of an enrichment file (formats, regions, sources), and how they and levels are displayed.

use std::fmt;

/// The format of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet files with the canonical columns.
    Canonical,
    /// A Microsoft Graph Data Connect export, as delivered.
    GraphDataConnect,
    /// A Delta table with the canonical columns.
    Delta,
    /// CSV files with the canonical columns.
    Csv,
}

impl Format {
    /// All input formats.
    pub const ALL: [Format; 4] = [Format::Canonical, Format::GraphDataConnect, Format::Delta, Format::Csv];

    /// The formats that an input section can have. Graph exports contain neither contacts nor accounts, and CSV
    /// has no lists of recipients.
    pub(crate) fn of_section(section: &str) -> Vec<Format> {
        let is_possible = |format: &Format| match format {
            Format::Canonical | Format::Delta => true,
            Format::GraphDataConnect => !["contacts", "accounts"].contains(&section),
            Format::Csv => !["mail", "meetings"].contains(&section),
        };
        Format::ALL.into_iter().filter(is_possible).collect()
    }

    /// The word used in the enrichment file.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Canonical => "canonical",
            Format::GraphDataConnect => "graph-data-connect",
            Format::Delta => "delta",
            Format::Csv => "csv",
        }
    }
}

/// The format of the published tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Parquet files.
    Parquet,
    /// Delta tables.
    Delta,
}

impl OutputFormat {
    /// All output formats.
    pub const ALL: [OutputFormat; 2] = [OutputFormat::Parquet, OutputFormat::Delta];

    /// The word used in the enrichment file.
    pub fn as_str(self) -> &'static str {
        match self {
            OutputFormat::Parquet => "parquet",
            OutputFormat::Delta => "delta",
        }
    }
}

/// A source of engagement. An enrichment has one or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Messages, from `[mail]`.
    Mail,
    /// Meetings, from `[meetings]`.
    Meetings,
}

impl Source {
    /// All sources.
    pub const ALL: [Source; 2] = [Source::Mail, Source::Meetings];

    /// The name of the section in the enrichment file.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Mail => "mail",
            Source::Meetings => "meetings",
        }
    }
}

/// Where the data may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// `united_kingdom`
    UnitedKingdom,
    /// `europe`
    Europe,
    /// `north_america`
    NorthAmerica,
}

impl Region {
    /// All regions.
    pub const ALL: [Region; 3] = [Region::UnitedKingdom, Region::Europe, Region::NorthAmerica];

    /// The word used in the enrichment file.
    pub fn as_str(self) -> &'static str {
        match self {
            Region::UnitedKingdom => "united_kingdom",
            Region::Europe => "europe",
            Region::NorthAmerica => "north_america",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Level;

    #[test]
    fn displayed_as_written_in_the_file() {
        assert_eq!(Format::ALL.map(|f| f.to_string()), ["canonical", "graph-data-connect", "delta", "csv"]);
        assert_eq!(OutputFormat::ALL.map(|f| f.to_string()), ["parquet", "delta"]);
        assert_eq!(Level::ALL.map(|l| l.to_string()), ["year", "quarter", "month", "week"]);
        assert_eq!(Source::ALL.map(|s| s.to_string()), ["mail", "meetings"]);
        assert_eq!(Region::ALL.map(|r| r.to_string()), ["united_kingdom", "europe", "north_america"]);
    }

    #[test]
    fn levels_sort_in_the_order_of_office() {
        assert!(Level::ALL.is_sorted());
    }
}
