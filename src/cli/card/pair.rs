//! Draws two customers beside each other.

use std::collections::BTreeSet;

use super::customer::Customer;
use super::draw::{
    NOT_COVERED, SUPPRESSED, UNPUBLISHED, most, not_covered, number, of_others, points, score, standing,
    value,
};
use super::explained::Explanation;
use crate::cli::bars::bars;
use crate::cli::text::{aligned, cut, pad, visible};

/// The cards of two customers. `source` says where they are from.
pub(super) fn draw(pair: &[Customer; 2], source: &str, width: usize) -> String {
    let row = |label: &str, cell: &dyn Fn(&Customer) -> String| {
        let [first, second] = pair.each_ref().map(cell);
        vec![label.to_owned(), first, second]
    };
    let mut rows = vec![row("", &Customer::title), row("", &|_| String::new())];
    let names = attribute_names(pair);
    rows.extend(names.iter().map(|name| row(&visible(name), &|customer| attribute(customer, name))));
    rows.extend((!names.is_empty()).then(|| row("", &|_| String::new())));
    let of_100 = |customer: &Customer| {
        customer.score.map_or(SUPPRESSED.to_owned(), |s| format!("{} of 100", score(s)))
    };
    rows.push(row("Score", &of_100));
    rows.push(row("Emails", &|customer| number(customer.emails)));
    rows.push(row("Meetings", &|customer| number(customer.meetings)));
    let missing = |customer: &Customer| match &customer.explanation {
        Explanation::Unpublished => UNPUBLISHED.to_owned(),
        Explanation::Suppressed => SUPPRESSED.to_owned(),
        Explanation::Terms(_) => "below".to_owned(),
    };
    let explained = explanation(pair);
    rows.extend(explained.is_none().then(|| row("Why", &missing)));
    let explained = explained.map(|lines| format!("\n{lines}{}", of_others(pair))).unwrap_or_default();
    format!("{source}\n\n{}{explained}\n{}", aligned(&rows, &[]), months(pair, width))
}

/// The names of the attributes that one of the two has, in their order.
fn attribute_names(pair: &[Customer; 2]) -> Vec<&String> {
    let mut names: Vec<&String> = vec![];
    for (name, _) in pair.iter().flat_map(|customer| &customer.attributes) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn attribute(customer: &Customer, name: &str) -> String {
    let found = customer.attributes.iter().find(|(attribute, _)| attribute == name);
    found.map(|(_, value)| visible(value)).unwrap_or_default()
}

/// One line for each term of both, and the sums; `None` if neither has terms.
fn explanation(pair: &[Customer; 2]) -> Option<String> {
    let terms = pair.each_ref().map(|customer| match &customer.explanation {
        Explanation::Terms(terms) => Some(terms.as_slice()),
        _ => None,
    });
    let known = terms.iter().flatten().next()?;
    let side = ["Value", "No worse", "Points"];
    let head = ["Why these scores", "of"].into_iter().chain(side).chain(side);
    let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    let points = terms.map(|terms| terms.map(points));
    for (i, term) in known.iter().enumerate() {
        let cells = terms.iter().zip(&points).flat_map(|(terms, points)| {
            let both = terms.and_then(|terms| terms.get(i)).zip(points.as_ref());
            match both.and_then(|(term, (points, _))| Some((term, points.get(i)?))) {
                Some((term, points)) => [value(term), standing(term), points.clone()],
                None => ["", SUPPRESSED, ""].map(str::to_owned),
            }
        });
        rows.push([term.label.to_owned(), most(term)].into_iter().chain(cells).collect());
    }
    let sums = points.iter().flat_map(|points| {
        let sum = points.as_ref().map_or(SUPPRESSED, |(_, sum)| sum);
        [String::new(), String::new(), sum.to_owned()]
    });
    rows.push(["Sum".to_owned(), "100".to_owned()].into_iter().chain(sums).collect());
    Some(aligned(&rows, &[1, 2, 4, 5, 7]))
}

/// The months of both: charts of the same scale for the emails of the two, and for their meetings.
fn months(pair: &[Customer; 2], width: usize) -> String {
    let all: BTreeSet<&String> =
        pair.iter().flat_map(|c| c.months.iter().flatten()).map(|(month, ..)| month).collect();
    // Month and four charts, each after two blanks.
    let chart = width.saturating_sub(7 + 4 * 2) / 4;
    let of_month = |customer: &Customer, month: &String| {
        let months = customer.months.as_deref().unwrap_or_default();
        months.iter().find(|found| found.0 == *month).map_or(Some((0, 0)), |found| found.1)
    };
    let charts = |number: fn((i64, i64)) -> i64| {
        let of = |customer: &Customer| -> Vec<i64> {
            all.iter().map(|month| of_month(customer, month).map_or(0, number)).collect()
        };
        let lines = bars(&pair.each_ref().map(of).concat(), chart);
        let (first, second) = lines.split_at(all.len());
        let shown = |customer: &Customer, lines: &[String]| match customer.months {
            Some(_) => {
                let months = all.iter().zip(lines);
                let cell = |(month, line): (&&String, &String)| match of_month(customer, month) {
                    Some(_) => line.clone(),
                    None => NOT_COVERED.to_owned(),
                };
                months.map(cell).collect()
            }
            None => vec![SUPPRESSED.to_owned(); all.len()],
        };
        [shown(&pair[0], first), shown(&pair[1], second)]
    };
    let ([emails, more_emails], [meetings, more_meetings]) =
        (charts(|numbers| numbers.0), charts(|numbers| numbers.1));
    let ids = pair.each_ref().map(|customer| pad(&cut(&visible(&customer.id), chart), chart, false));
    let blank = || " ".repeat(chart);
    let mut rows = vec![
        ["Month".to_owned(), pad("Emails", chart, false), blank(), "Meetings".to_owned(), String::new()]
            .to_vec(),
        [String::new(), ids[0].clone(), ids[1].clone(), ids[0].clone(), ids[1].clone()].to_vec(),
    ];
    for (i, month) in all.iter().enumerate() {
        let cells = [&emails, &more_emails, &meetings, &more_meetings].map(|lines| lines[i].clone());
        rows.push([(*month).clone()].into_iter().chain(cells).collect());
    }
    let months = pair.iter().flat_map(|customer| customer.months.iter().flatten());
    aligned(&rows, &[]) + &not_covered(months)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SOURCE, customer};
    use super::*;

    fn suppressed() -> Customer {
        Customer {
            id: "a2".to_owned(),
            name: None,
            score: None,
            emails: None,
            meetings: None,
            months: None,
            explanation: Explanation::Suppressed,
            ..customer()
        }
    }

    #[test]
    fn two_cards_as_drawn() {
        let attributes = vec![("industry".to_owned(), "Tools".to_owned())];
        let other = Customer {
            id: "a2".to_owned(),
            name: Some("Globex".to_owned()),
            score: Some(50.0),
            months: Some(vec![("2026-11".into(), Some((32, 2))), ("2026-12".into(), Some((1, 0)))]),
            attributes,
            ..customer()
        };
        // Charts are (79 - 15) / 4 = 16 wide; 13 columns for 32 emails, 14 for 4 meetings.
        let expected = "\
us-sales, as of 2026-11-22

          Acme\\u{1b}[2J Ltd (a1)  Globex (a2)

industry                          Tools

Score     95.04 of 100            50.0 of 100
Emails    1,070                   1,070
Meetings  4                       4

Why these scores      of  Value  No worse  Points  Value  No worse  Points
Emails from them      50  1,030  84 of 97   43.30  1,030  84 of 97   43.30
Days since the last   50   none  0 of 97     0.00   none  0 of 97     0.00
Sum                  100                    43.30                    43.30

Month    Emails                              Meetings
         a1                a2                a1                a2
2026-10  ███▎ 8            · 0               ██████████████ 4  · 0
2026-11  ██████▌ 16        █████████████ 32  · 0               ███████ 2
2026-12  · 0               ▍ 1               · 0               · 0
";
        assert_eq!(draw(&[customer(), other], SOURCE, 79), expected);
    }

    #[test]
    fn what_is_suppressed_is_named_so() {
        let card = draw(&[customer(), suppressed()], SOURCE, 79);
        for line in [
            "Score     95.04 of 100            suppressed",
            "Emails    1,070                   suppressed",
            "Emails from them      50  1,030  84 of 97   43.30         suppressed",
            "2026-10  ██████▌ 8         suppressed        ██████████████ 4  suppressed",
        ] {
            assert!(card.lines().any(|found| found == line), "{line}\n{card}");
        }
        let card = draw(&[suppressed(), suppressed()], SOURCE, 79);
        assert!(card.contains("\nWhy       suppressed  suppressed\n\nMonth"), "{card}");
        for width in 0..120 {
            draw(&[customer(), suppressed()], SOURCE, width);
        }
    }
}
