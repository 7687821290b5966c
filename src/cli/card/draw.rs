//! Draws one customer.

use super::customer::{Customer, Month};
use super::explained::{Explanation, Term};
use crate::cli::bars::bars;
use crate::cli::rounded::{parts, rounded};
use crate::cli::text::{aligned, columns, pad, visible};
use crate::error::numbers::grouped;

/// The text that is shown instead of a suppressed number.
pub(super) const SUPPRESSED: &str = "suppressed";

/// What is shown instead of the numbers of a month before the window.
pub(super) const NOT_COVERED: &str = "-";

/// What the sign for a month before the window means; empty if there is no such month.
pub(super) fn not_covered<'a>(months: impl IntoIterator<Item = &'a Month>) -> String {
    if months.into_iter().any(|(_, numbers)| numbers.is_none()) {
        format!("\n{NOT_COVERED} before the window of the run\n")
    } else {
        String::new()
    }
}

/// The text that is shown instead of an explanation if the level of the card's score is not published.
pub(super) const UNPUBLISHED: &str = "level year is not published";

/// What is said if others have organized the meetings in which people were; blank if not.
pub(super) fn of_others(customers: &[Customer]) -> &'static str {
    let has_people = |customer: &Customer| match &customer.explanation {
        Explanation::Terms(terms) => terms.iter().any(|term| term.is_in_meetings && term.value > Some(0)),
        _ => false,
    };
    match customers.iter().any(|customer| customer.meetings == Some(0) && has_people(customer)) {
        true => "Meetings leave out those that others organize; people in them are counted.\n",
        false => "",
    }
}

/// The card of a customer. `source` says where it is from.
pub(super) fn draw(customer: &Customer, source: &str, width: usize) -> String {
    let title = customer.title();
    let gap = width.saturating_sub(columns(&title) + columns(source));
    let mut card = if gap >= 2 {
        format!("{title}{}{source}\n\n", " ".repeat(gap))
    } else {
        format!("{title}\n{source}\n\n")
    };
    // Labels are aligned with those of the numbers.
    let names = customer.attributes.iter().map(|(name, _)| columns(&visible(name)));
    let label = names.max().unwrap_or(0).max(8);
    for (name, value) in &customer.attributes {
        card += &format!("{}  {}\n", pad(&visible(name), label, false), visible(value));
    }
    if !customer.attributes.is_empty() {
        card += "\n";
    }
    card += &customer
        .score
        .map_or(format!("Score     {SUPPRESSED:>8}\n"), |s| format!("Score     {:>8} of 100\n", score(s)));
    card += &format!("Emails    {:>8}\n", number(customer.emails));
    card += &format!("Meetings  {:>8}\n\n", number(customer.meetings));
    card += &match &customer.explanation {
        Explanation::Unpublished => format!("Why       {UNPUBLISHED}\n\n"),
        Explanation::Suppressed => format!("Why       {SUPPRESSED:>8}\n\n"),
        Explanation::Terms(terms) => {
            format!("{}{}\n", explanation(terms, width), of_others(std::slice::from_ref(customer)))
        }
    };
    let Some(months) = &customer.months else { return card + &format!("Months    {SUPPRESSED:>8}\n") };

    // Month, two blanks, a chart, two blanks, a chart.
    let chart = width.saturating_sub(7 + 2 + 2) / 2;
    let covered = || months.iter().filter_map(|(_, numbers)| *numbers);
    let emails = bars(&covered().map(|(emails, _)| emails).collect::<Vec<_>>(), chart);
    let meetings = bars(&covered().map(|(_, meetings)| meetings).collect::<Vec<_>>(), chart);
    card += &format!("{:7}  {}  Meetings\n", "Month", pad("Emails", chart, false));
    let mut drawn = emails.iter().zip(&meetings);
    for (month, numbers) in months {
        card += &match numbers.and_then(|_| drawn.next()) {
            Some((emails, meetings)) => format!("{month:7}  {emails}  {}\n", meetings.trim_end()),
            None => format!("{month:7}  {}  {NOT_COVERED}\n", pad(NOT_COVERED, chart, false)),
        };
    }
    card + &not_covered(months)
}

/// One line for each term, and the sum. Standings are sentences if they fit into the width.
fn explanation(terms: &[Term], width: usize) -> String {
    let lines = |standing: &dyn Fn(&Term) -> String, head: &str| {
        let mut rows = vec![["Why this score", "Value", head, "Points"].map(str::to_owned).to_vec()];
        let (points, sum) = of_most(terms);
        rows.extend(
            terms
                .iter()
                .zip(points)
                .map(|(term, points)| vec![term.label.to_owned(), value(term), standing(term), points]),
        );
        rows.push(vec!["Sum".to_owned(), String::new(), String::new(), sum]);
        aligned(&rows, &[1])
    };
    let sentences = lines(&|term| format!("no worse than {} accounts", standing(term)), "Standing");
    if sentences.lines().all(|line| columns(line) <= width) {
        sentences
    } else {
        lines(&standing, "No worse than")
    }
}

/// The points of each term, and their sum, each with the most that there can be: `16.90 of 20`.
fn of_most(terms: &[Term]) -> (Vec<String>, String) {
    let (points, sum) = points(terms);
    let width = points.iter().chain([&sum]).map(String::len).max().unwrap_or_default();
    let of_terms =
        terms.iter().zip(points).map(|(term, points)| format!("{points:>width$} of {}", most(term)));
    (of_terms.collect(), format!("{sum:>width$} of 100"))
}

/// The most points that the measure of a term can add: its share of all weights.
pub(super) fn most(term: &Term) -> String {
    let share = 100.0 * term.weight as f64 / (term.total_weight.max(1)) as f64;
    if share == share.trunc() { format!("{share:.0}") } else { format!("{share:.1}") }
}

/// The points of each term, and their sum. As they are shown, they add up.
pub(super) fn points(terms: &[Term]) -> (Vec<String>, String) {
    parts(&terms.iter().map(|term| term.points).collect::<Vec<_>>(), 2)
}

/// How many of the engaged accounts are no better, this one included: `49 of 58`.
pub(super) fn standing(term: &Term) -> String {
    format!("{} of {}", grouped(term.standing), grouped(term.accounts))
}

pub(super) fn value(term: &Term) -> String {
    term.value.map_or("none".to_owned(), grouped)
}

pub(super) fn number(number: Option<i64>) -> String {
    number.map_or(SUPPRESSED.to_owned(), grouped)
}

/// The score with one decimal, or with more if it would be a whole number that it is not.
pub(super) fn score(score: f64) -> String {
    rounded(score, 1).unwrap_or_else(|| score.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SOURCE, customer};
    use super::*;

    #[test]
    fn the_card_as_drawn() {
        // Charts are (73 - 11) / 2 = 31 wide; 31 - 3 = 28 columns for 16 emails, 31 - 2 = 29 for 4 meetings.
        let expected = "\
Acme\\u{1b}[2J Ltd (a1)                         us-sales, as of 2026-11-22

Score        95.04 of 100
Emails       1,070
Meetings         4

Why this score       Value  Standing                         Points
Emails from them     1,030  no worse than 84 of 97 accounts  43.30 of 50
Days since the last   none  no worse than 0 of 97 accounts    0.00 of 50
Sum                                                          43.30 of 100

Month    Emails                           Meetings
2026-10  ██████████████ 8                 █████████████████████████████ 4
2026-11  ████████████████████████████ 16  · 0
";
        assert_eq!(draw(&customer(), SOURCE, 73), expected);
        // The sentences do not fit.
        let narrow = draw(&customer(), SOURCE, 72);
        assert!(narrow.contains("\nWhy this score       Value  No worse than  Points\n"), "{narrow}");
        assert!(narrow.contains("\nEmails from them     1,030  84 of 97       43.30 of 50\n"), "{narrow}");
    }

    #[test]
    fn months_before_the_window_have_no_numbers() {
        let months = vec![
            ("2026-09".into(), None),
            ("2026-10".into(), Some((0, 2))),
            ("2026-11".into(), Some((5, 1))),
        ];
        let card = draw(&Customer { months: Some(months), ..customer() }, SOURCE, 60);
        let expected = "
Month    Emails                    Meetings
2026-09  -                         -
2026-10  · 0                       ██████████████████████ 2
2026-11  ██████████████████████ 5  ███████████ 1

- before the window of the run
";
        assert!(card.ends_with(expected), "{card}");
    }

    #[test]
    fn attributes_are_above_the_numbers() {
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let attributes = vec![attribute("industry", "Tools\u{1b}"), attribute("Seats", "12")];
        let card = draw(&Customer { attributes, ..customer() }, SOURCE, 60);
        assert!(card.contains("\n\nindustry  Tools\\u{1b}\nSeats     12\n\nScore        95.04"), "{card}");
    }

    #[test]
    fn meetings_of_others_are_explained() {
        let with = |meetings, value, is_in_meetings| {
            let mut customer = Customer { meetings: Some(meetings), ..customer() };
            if let Explanation::Terms(terms) = &mut customer.explanation {
                terms[0].value = Some(value);
                terms[0].is_in_meetings = is_in_meetings;
            }
            draw(&customer, SOURCE, 80)
        };
        let said = "\nMeetings leave out those that others organize; ";
        assert!(with(0, 1, true).contains(said));
        assert!(
            [with(1, 1, true), with(0, 0, true), with(0, 1, false)].iter().all(|card| !card.contains(said))
        );
    }

    #[test]
    fn no_score_is_rounded_to_100() {
        assert_eq!(
            [99.96, 99.9999, 100.0, 95.123, 0.0].map(score),
            ["99.96", "99.9999", "100.0", "95.1", "0.0"]
        );
    }

    #[test]
    fn what_is_suppressed_is_named_so() {
        let card = draw(&Customer { months: None, ..customer() }, SOURCE, 60);
        assert!(card.ends_with("of 100\n\nMonths    suppressed\n"), "{card}");
        let suppressed = Customer {
            score: None,
            emails: None,
            meetings: None,
            months: None,
            explanation: Explanation::Suppressed,
            ..customer()
        };
        let card = draw(&suppressed, SOURCE, 60);
        let expected = "\nScore     suppressed\nEmails    suppressed\nMeetings  suppressed\n\nWhy       suppressed\n\n\
            Months    suppressed\n";
        assert!(card.ends_with(expected), "{card}");
        let unpublished = Customer { explanation: Explanation::Unpublished, ..customer() };
        assert!(
            draw(&unpublished, SOURCE, 60).contains("\n\nWhy       level year is not published\n\nMonth ")
        );
    }

    #[test]
    fn lines_fit_and_nothing_fails_however_narrow() {
        let unexplained = || Customer { explanation: Explanation::Unpublished, ..customer() };
        for width in 0..120 {
            let card = draw(&unexplained(), SOURCE, width);
            assert!(card.contains("16"), "{card}");
            assert!(width < 40 || card.lines().all(|l| columns(l) <= width), "{width}: {card}");
            let card = draw(&customer(), SOURCE, width);
            assert!(width < 72 || card.lines().all(|l| columns(l) <= width), "{width}: {card}");
        }
    }
}
