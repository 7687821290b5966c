//! The list of the nine measures of the score, and their weights.

use super::values::Source;

/// A measure of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The name: a column of Office, or `recency`.
    pub name: &'static str,
    /// The weight if the enrichment file does not give one.
    pub default_weight: u32,
    /// The source that is measured; `None` for recency, which looks at every source that is there.
    pub source: Option<Source>,
}

impl Measure {
    /// All measures, in the order of the columns of Office, with recency last.
    pub const ALL: [Measure; 9] = [
        Measure::new("NoOfEmails_ToAccount", 10, Some(Source::Mail)),
        Measure::new("NoOfEmails_FromAccount", 20, Some(Source::Mail)),
        Measure::new("NoOfMeetings_FromAccount", 15, Some(Source::Meetings)),
        Measure::new("NoOfMeetings_ToAccount", 15, Some(Source::Meetings)),
        Measure::new("NoOfContactsInvolved_Meetings", 5, Some(Source::Meetings)),
        Measure::new("NoOfContactsInvolved_Emails", 5, Some(Source::Mail)),
        Measure::new("NoOfAccountContactsInvolved_Meetings", 10, Some(Source::Meetings)),
        Measure::new("NoOfAccountContactsInvolved_Emails", 10, Some(Source::Mail)),
        Measure::new("recency", 10, None),
    ];

    const fn new(name: &'static str, default_weight: u32, source: Option<Source>) -> Self {
        Self { name, default_weight, source }
    }
}

/// The weight of each measure, in the order of [`Measure::ALL`]. The weights of an enrichment file add up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights(pub [u32; 9]);

impl Weights {
    /// These weights where only some sources are there: the measures of the others weigh 0.
    pub fn of_sources(self, sources: &[Source]) -> Self {
        let is_there = |measure: &Measure| measure.source.is_none_or(|source| sources.contains(&source));
        let mut weights = self;
        for (weight, measure) in weights.0.iter_mut().zip(&Measure::ALL) {
            if !is_there(measure) {
                *weight = 0;
            }
        }
        weights
    }

    /// The sum of the weights.
    pub fn sum(self) -> u32 {
        self.0.iter().sum()
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self(Measure::ALL.map(|m| m.default_weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_of_a_source_that_is_not_there_weigh_nothing() {
        let weights = |sources: &[Source]| Weights::default().of_sources(sources);
        assert_eq!(weights(&Source::ALL), Weights::default());
        assert_eq!(weights(&[Source::Mail]), Weights([10, 20, 0, 0, 0, 5, 0, 10, 10]));
        assert_eq!(weights(&[Source::Meetings]), Weights([0, 0, 15, 15, 5, 0, 10, 0, 10]));
        assert_eq!([&Source::ALL[..], &[Source::Mail]].map(|s| weights(s).sum()), [100, 55]);
    }
}
