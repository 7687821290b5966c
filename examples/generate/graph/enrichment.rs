//! The enrichment file of the exports: the one of the canonical shape with other inputs.

use crate::canonical::enrichment;
use crate::organization::Organization;

/// The replaced texts and their replacements.
const INPUTS: [(&str, &str); 7] = [
    ("name = \"northwind-demo\"", "name = \"northwind-graph\""),
    ("path = \"users.parquet\"", "path = \"graph-data-connect/User.json\"\nformat = \"graph-data-connect\""),
    (
        "path = \"groups.parquet\"",
        "path = \"graph-data-connect/groups/\"   # GroupDetails and GroupMembers\nformat = \"graph-data-connect\"",
    ),
    (
        "[mail]                          # a folder: all its Parquet files\npath = \"mail/\"",
        "[mail]                          # a folder: Message exports of several runs\n\
         path = \"graph-data-connect/mail/\"\nformat = \"graph-data-connect\"",
    ),
    (
        "path = \"meetings.parquet\"",
        "path = \"graph-data-connect/CalendarView.json.gz\"\nformat = \"graph-data-connect\"",
    ),
    ("path = \"out/\"", "path = \"out/graph-data-connect/\""),
    ("users.parquet knows whose", "User.json knows whose"),
];

/// The text of the file.
pub fn text(org: &Organization) -> String {
    INPUTS.iter().fold(enrichment::text(org), |text, (canonical, graph)| text.replace(canonical, graph))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, Sizes};

    #[test]
    fn everything_that_differs_is_found() {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, crate::AS_OF.parse().unwrap(), 1));
        let canonical = enrichment::text(&org);
        for (text, _) in INPUTS {
            assert_eq!(canonical.matches(text).count(), 1, "{text}");
        }
        assert_eq!(text(&org).matches("format = ").count(), 4);
    }
}
