//! The closed lists of words an enrichment file may use: formats, levels, regions.

use std::fmt;

/// The shape of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The columns of this project's reference.
    Canonical,
    /// Microsoft Graph Data Connect, as delivered.
    GraphDataConnect,
    /// A Delta table with the columns of this project's reference.
    Delta,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Canonical, Format::GraphDataConnect, Format::Delta];

    /// The word used in the enrichment file.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Canonical => "canonical",
            Format::GraphDataConnect => "graph-data-connect",
            Format::Delta => "delta",
        }
    }
}

/// As what the result is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Parquet files.
    Parquet,
    /// Delta tables.
    Delta,
}

impl OutputFormat {
    /// All of them.
    pub const ALL: [OutputFormat; 2] = [OutputFormat::Parquet, OutputFormat::Delta];

    /// The word used in the enrichment file.
    pub fn as_str(self) -> &'static str {
        match self {
            OutputFormat::Parquet => "parquet",
            OutputFormat::Delta => "delta",
        }
    }
}

/// A level of Office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The whole window.
    Year,
    /// Calendar months.
    Month,
    /// Weeks from Monday.
    Week,
}

impl Level {
    /// All of them, in the order in which Office lists them.
    pub const ALL: [Level; 3] = [Level::Year, Level::Month, Level::Week];

    /// The word used in the enrichment file and in Office.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Year => "year",
            Level::Month => "month",
            Level::Week => "week",
        }
    }
}

/// Where the data may be kept.
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
    /// All of them.
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

impl fmt::Display for Level {
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

    #[test]
    fn displayed_as_written_in_the_file() {
        assert_eq!(Format::ALL.map(|f| f.to_string()), ["canonical", "graph-data-connect", "delta"]);
        assert_eq!(OutputFormat::ALL.map(|f| f.to_string()), ["parquet", "delta"]);
        assert_eq!(Level::ALL.map(|l| l.to_string()), ["year", "month", "week"]);
        assert_eq!(Region::ALL.map(|r| r.to_string()), ["united_kingdom", "europe", "north_america"]);
    }

    #[test]
    fn levels_sort_in_the_order_of_office() {
        assert!(Level::ALL.is_sorted());
    }
}
