//! The list of the nine measures of the score, and their weights.

/// A measure of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The name: a column of Office, or `recency`.
    pub name: &'static str,
    /// The weight if the enrichment file does not give one.
    pub default_weight: u32,
}

impl Measure {
    /// All measures, in the order of the columns of Office, with recency last.
    pub const ALL: [Measure; 9] = [
        Measure::new("NoOfEmails_ToAccount", 10),
        Measure::new("NoOfEmails_FromAccount", 20),
        Measure::new("NoOfMeetings_FromAccount", 15),
        Measure::new("NoOfMeetings_ToAccount", 15),
        Measure::new("NoOfContactsInvolved_Meetings", 5),
        Measure::new("NoOfContactsInvolved_Emails", 5),
        Measure::new("NoOfAccountContactsInvolved_Meetings", 10),
        Measure::new("NoOfAccountContactsInvolved_Emails", 10),
        Measure::new("recency", 10),
    ];

    const fn new(name: &'static str, default_weight: u32) -> Self {
        Self { name, default_weight }
    }
}

/// The weight of each measure, in the order of [`Measure::ALL`]. The weights add up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights(pub [u32; 9]);

impl Default for Weights {
    fn default() -> Self {
        Self(Measure::ALL.map(|m| m.default_weight))
    }
}
