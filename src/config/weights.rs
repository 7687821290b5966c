//! The section `[score.weights]`.

use super::measure::{Measure, Weights};
use super::section::TomlSection;
use crate::error::Result;

/// The required sum of the nine weights.
const SUM: u32 = 100;

/// The weights of `[score.weights]`; a weight that the file does not give has its default.
pub(crate) fn read(file: &TomlSection<'_>) -> Result<Weights> {
    let Some(score) = file.section("score")? else { return Ok(Weights::default()) };
    let Some(section) = score.section("weights")? else { return Ok(Weights::default()) };
    let need = format!("a whole number from 0 to {SUM}");
    let mut weights = Weights::default();
    for (weight, measure) in weights.0.iter_mut().zip(Measure::ALL) {
        if let Some(given) = section.number(measure.name, 0..=SUM, &need)? {
            *weight = given;
        }
    }
    let sum: u32 = weights.0.iter().sum();
    if sum == SUM {
        return Ok(weights);
    }
    let all: Vec<String> = Measure::ALL
        .iter()
        .zip(weights.0)
        .map(|(measure, weight)| format!("{} {weight}", measure.name))
        .collect();
    Err(section.error(&format!("add up to {sum}, not {SUM}: {}", all.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{VALID, open, refusal, with};

    fn weights(written: &str) -> String {
        with("", &format!("[score.weights]\n{written}"))
    }

    #[test]
    fn given_and_default() {
        let default = Weights([10, 20, 15, 15, 5, 5, 10, 10, 10]);
        assert_eq!(open(VALID).unwrap().weights, default);
        assert_eq!(open(&with("", "[score]")).unwrap().weights, default);
        assert_eq!(
            open(&weights("recency = 0\nNoOfEmails_FromAccount = 30")).unwrap().weights,
            Weights([10, 30, 15, 15, 5, 5, 10, 10, 0])
        );
    }

    #[test]
    fn wrong_sum() {
        assert_eq!(
            refusal(&weights("recency = 11")),
            "sales.toml:12: [score.weights] add up to 101, not 100: NoOfEmails_ToAccount 10, \
             NoOfEmails_FromAccount 20, NoOfMeetings_FromAccount 15, NoOfMeetings_ToAccount 15, \
             NoOfContactsInvolved_Meetings 5, NoOfContactsInvolved_Emails 5, \
             NoOfAccountContactsInvolved_Meetings 10, NoOfAccountContactsInvolved_Emails 10, recency 11"
        );
        let sum = |written: &str| refusal(&weights(written)).split(": ").nth(1).unwrap().to_owned();
        assert_eq!(sum("recency = 0"), "[score.weights] add up to 90, not 100");
        assert_eq!(sum("recency = 100"), "[score.weights] add up to 190, not 100");
    }

    #[test]
    fn no_whole_numbers() {
        for (written, found) in
            [("10.5", "10.5"), ("-10", "-10"), ("'10'", "the text \"10\""), ("101", "101")]
        {
            assert_eq!(
                refusal(&weights(&format!("NoOfEmails_ToAccount = {written}"))),
                format!(
                    "sales.toml:13: [score.weights] NoOfEmails_ToAccount must be a whole number from 0 to 100, not {found}"
                )
            );
        }
    }
}
