//! Settings that are valid, but whose effect can surprise.

use super::source_text::listed;
use super::{Enrichment, Level, Measure, Source, zone};

impl Enrichment {
    /// Remarks about the settings, one line each. They are not errors.
    pub fn notes(&self) -> Vec<String> {
        [zone::note(self.time_zone), self.fiscal_year_note(), self.weights_note()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn fiscal_year_note(&self) -> Option<String> {
        let month = self.fiscal_year_start.month();
        (month != 1 && !self.levels.contains(&Level::Quarter)).then(|| {
            format!("fiscal_year_start = {month} has no effect, because levels does not contain \"quarter\"")
        })
    }

    /// The note that scores do not depend on the data, because every weight belongs to a source that is not there.
    fn weights_note(&self) -> Option<String> {
        let sources = self.sources();
        let absent = Source::ALL.into_iter().find(|source| !sources.contains(source))?;
        (self.score_weights().sum() == 0).then(|| {
            let others = Measure::ALL.iter().filter(|measure| measure.source != Some(absent));
            let others: Vec<_> = others.map(|measure| measure.name).collect();
            format!(
                "[score.weights] every score is 0, because there is no [{absent}] and the other weights are 0; \
                 give weights to some of {}",
                listed(&others, "and")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{VALID, open, with};

    fn notes(toml: &str) -> Vec<String> {
        open(toml).unwrap().notes()
    }

    #[test]
    fn usual_settings_have_none() {
        assert_eq!(notes(VALID), [""; 0]);
        assert_eq!(notes(&with("levels = ['quarter']\nfiscal_year_start = 7", "")), [""; 0]);
        assert_eq!(notes(&with("fiscal_year_start = 1", "")), [""; 0]);
        assert_eq!(notes(&with("", "[score.weights]\nrecency = 0\nNoOfEmails_FromAccount = 30")), [""; 0]);
    }

    #[test]
    fn settings_without_effect() {
        let note = "fiscal_year_start = 7 has no effect, because levels does not contain \"quarter\"";
        assert_eq!(notes(&with("fiscal_year_start = 7", "")), [note]);
        assert!(notes(&with("time_zone = 'EST'", ""))[0].starts_with("time_zone \"EST\" is 5 hours"));
    }

    #[test]
    fn weights_of_a_source_that_is_not_there() {
        let meetings = "[score.weights]\nNoOfEmails_ToAccount = 0\nNoOfEmails_FromAccount = 0\nrecency = 0\n\
            NoOfContactsInvolved_Emails = 0\nNoOfAccountContactsInvolved_Emails = 0\n\
            NoOfMeetings_ToAccount = 35\nNoOfMeetings_FromAccount = 50";
        let note = "[score.weights] every score is 0, because there is no [meetings] and the other weights are 0; give \
            weights to some of NoOfEmails_ToAccount, NoOfEmails_FromAccount, NoOfContactsInvolved_Emails, \
            NoOfAccountContactsInvolved_Emails and recency";
        assert_eq!(notes(&with("", meetings)), [note]);
        let both = with("", &format!("[meetings]\npath = 'm.parquet'\n{meetings}"));
        assert_eq!(notes(&both), [""; 0]);
    }
}
