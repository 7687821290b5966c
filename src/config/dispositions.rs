//! The dispositions of rows that are not used, which an enrichment file can name.

/// The dispositions of rows that are not used, of all sources.
pub(crate) const NOT_USED: [&str; 16] = [
    "summary_row",
    "missing_id",
    "missing_time",
    "unreadable",
    "invalid_sender",
    "draft",
    "automatic",
    "invalid_organizer",
    "series_master",
    "all_day",
    "ends_before_start",
    "outside_window",
    "missing_account",
    "invalid_email",
    "unknown_account",
    "own_mailbox",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The views of staging and contacts name the dispositions.
    #[test]
    fn the_dispositions_are_those_of_the_views() {
        let sql = [
            include_str!("../../sql/staging/stg_mail.sql"),
            include_str!("../../sql/staging/stg_meeting.sql"),
            include_str!("../../sql/intermediate/contact.sql"),
        ];
        let mut found = BTreeSet::new();
        for list in
            sql.iter().filter_map(|sql| sql.split("first_true(").nth(1)?.split(") as disposition").next())
        {
            found.extend(list.split('\'').skip(1).step_by(2).filter(|word| *word != "used"));
        }
        assert_eq!(found, NOT_USED.into_iter().collect());
    }
}
