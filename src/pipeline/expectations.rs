//! Compares what a run has found with what `[expect]` expects.
//!
//! Numbers are judged as they are published. A number that is suppressed is not known here either, so no outcome
//! tells more than the tables do.

use chrono::NaiveDate;

use super::report::Disposition;
use crate::config::{Amount, Enrichment, Share};
use crate::error::{Error, ErrorKind, Result};
use crate::publish::{Judgement, Outcome, Overview};

/// The key of an error's context whose values are judgements.
pub(crate) const CONTEXT: &str = "expectation";

/// What is found in place of a number that is suppressed.
const SUPPRESSED: &str = "a suppressed number";

/// What is compared.
pub(crate) struct Found<'a> {
    /// The day to which ages are counted.
    pub(crate) as_of: NaiveDate,
    /// The last day with used rows, `Some(None)` if there is no used row; `None` if it is not known or suppressed.
    pub(crate) last_used_on: Option<Option<NaiveDate>>,
    /// `[privacy] min_people` of the run that found it. The enrichment file can have another number by now.
    pub(crate) min_people: u32,
    pub(crate) overview: &'a Overview,
    pub(crate) dispositions: &'a [Disposition],
    /// The overview of what was published before; an error says why there is none.
    pub(crate) before: Result<&'a Overview, &'static str>,
}

/// Judges every expectation of an enrichment.
pub(crate) fn judge(enrichment: &Enrichment, found: &Found<'_>) -> Vec<Judgement> {
    let (expect, overview) = (&enrichment.expect, found.overview);
    let mut all = vec![];
    all.extend(expect.max_age_days.map(|most| age(most, found)));
    all.extend(expect.min_days_covered.map(|least| {
        let amount = Amount::Number(least);
        at_least("min_days_covered", amount, "", overview.days_covered, i64::from(enrichment.window_days))
    }));
    all.extend(expect.min_mailboxes_active.map(|least| {
        let (active, listed) = (overview.mailboxes_active, overview.mailboxes_listed);
        at_least("min_mailboxes_active", least, "listed mailboxes", active, listed)
    }));
    all.extend(expect.min_accounts_engaged.map(|least| {
        let (engaged, profile) = (overview.accounts_engaged, overview.accounts_in_profile);
        at_least("min_accounts_engaged", least, "accounts", Some(engaged), profile)
    }));
    if let Some(most) = expect.max_drop {
        let drops: [(&str, fn(&Overview) -> Option<i64>); 3] = [
            ("messages", |o| o.messages_engaged),
            ("meetings", |o| o.meetings_engaged),
            ("accounts engaged", |o| Some(o.accounts_engaged)),
        ];
        let judged =
            drops.map(|(what, number)| drop_of(what, most, number(overview), found.before.map(number)));
        all.extend(judged);
    }
    let sources = ["mail", "meetings", "contacts"];
    all.extend(of_rows(enrichment, found.min_people, found.dispositions, &sources));
    all
}

/// Judges the expectations about the rows of these sources: `min_contacts_used` and `max_rows_not_used`.
/// `min_people` is that of the dispositions.
pub(crate) fn of_rows(
    enrichment: &Enrichment,
    min_people: u32,
    dispositions: &[Disposition],
    sources: &[&str],
) -> Vec<Judgement> {
    let rows = |source: &str, disposition: Option<&str>| -> i64 {
        let of_source = dispositions.iter().filter(|d| d.source == source);
        of_source.filter(|d| disposition.is_none_or(|name| d.disposition == name)).map(|d| d.rows).sum()
    };
    let mut all = vec![];
    if let Some(least) = enrichment.expect.min_contacts_used {
        let (used, total) = (rows("contacts", Some("used")), rows("contacts", None));
        all.push(at_least("min_contacts_used", least, "rows", Some(used), total));
    }
    for (disposition, most) in &enrichment.expect.max_rows_not_used {
        let expectation = format!("max_rows_not_used.{disposition}");
        let mut is_found = false;
        for source in sources {
            // Rows of mail and meetings have no dispositions that are published.
            if min_people > 1 && *source != "contacts" {
                is_found = true;
                all.push(Judgement {
                    expectation: format!("{expectation} of {source}"),
                    expected: format!("at most {most} of the rows"),
                    found: SUPPRESSED.to_owned(),
                    outcome: Outcome::Unknown,
                });
                continue;
            }
            let (part, total) = (rows(source, Some(disposition)), rows(source, None));
            if part == 0 {
                continue;
            }
            is_found = true;
            all.push(Judgement {
                expectation: format!("{expectation} of {source}"),
                expected: format!("at most {most} of the rows"),
                found: format!("{} ({part} of {total})", percent(part, total)),
                outcome: outcome(!most.is_exceeded_by(part, total)),
            });
        }
        if !is_found {
            let expected = format!("at most {most} of the rows");
            all.push(Judgement { expectation, expected, found: "no such row".into(), outcome: Outcome::Met });
        }
    }
    all
}

fn age(most: u32, found: &Found<'_>) -> Judgement {
    let expected = format!("at most {most}");
    // No used row is after the as-of date, which is never suppressed.
    let (as_of, least) = (found.overview.as_of, (found.as_of - found.overview.as_of).num_days());
    let (found, outcome) = match found.last_used_on {
        None if least > i64::from(most) => {
            (format!("at least {least} (the tables are as of {as_of})"), Outcome::Missed)
        }
        None => (
            "a last day that is suppressed, or that the published run did not record".into(),
            Outcome::Unknown,
        ),
        Some(None) => ("no used row of mail or meetings".into(), Outcome::Missed),
        Some(Some(last)) => {
            let days = (found.as_of - last).num_days().max(0);
            (format!("{days} (the last day with used rows is {last})"), outcome(days <= i64::from(most)))
        }
    };
    Judgement { expectation: "max_age_days".into(), expected, found, outcome }
}

/// Judges a number that must not be less than an amount, of a total that `of` names. `None` is a suppressed number.
fn at_least(expectation: &str, least: Amount, of: &str, number: Option<i64>, total: i64) -> Judgement {
    let expected = match least {
        Amount::Number(least) => format!("at least {least}"),
        Amount::Share(share) => format!("at least {share} of the {of}"),
    };
    let (found, outcome) = match (least, number) {
        (_, None) => (SUPPRESSED.to_owned(), Outcome::Unknown),
        (Amount::Number(least), Some(number)) => (number.to_string(), outcome(number >= i64::from(least))),
        (Amount::Share(share), Some(number)) => {
            let found = format!("{} ({number} of {total})", percent(number, total));
            (found, outcome(share.is_reached_by(number, total)))
        }
    };
    Judgement { expectation: expectation.into(), expected, found, outcome }
}

fn drop_of(
    what: &str,
    most: Share,
    now: Option<i64>,
    before: Result<Option<i64>, &'static str>,
) -> Judgement {
    let (found, outcome) = match (before, now) {
        (Err(why), _) => (why.to_owned(), Outcome::Unknown),
        (Ok(None), _) | (_, None) => (SUPPRESSED.to_owned(), Outcome::Unknown),
        (Ok(Some(before)), Some(now)) if now >= before => {
            (format!("{before} before, {now} now"), Outcome::Met)
        }
        (Ok(Some(before)), Some(now)) => (
            format!("{} ({before} before, {now} now)", percent(before - now, before)),
            outcome(!most.is_exceeded_by(before - now, before)),
        ),
    };
    Judgement {
        expectation: format!("max_drop of {what}"),
        expected: format!("at most {most} fewer than before"),
        found,
        outcome,
    }
}

fn outcome(is_met: bool) -> Outcome {
    if is_met { Outcome::Met } else { Outcome::Missed }
}

/// A part of a total in percent, with at most two decimals. It is rounded down, so that all is 100% only if all is
/// meant.
fn percent(part: i64, total: i64) -> String {
    let hundredths = if total > 0 { i128::from(part) * 10_000 / i128::from(total) } else { 0 };
    u32::try_from(hundredths)
        .map_or_else(|_| format!("{}%", hundredths / 100), |share| Share(share).to_string())
}

/// The expectations that are missed.
pub(crate) fn missed(judged: &[Judgement]) -> Vec<&Judgement> {
    judged.iter().filter(|judgement| judgement.outcome == Outcome::Missed).collect()
}

/// Checks that a run may publish: it has missed no expectation, or the enrichment file or the command line permits
/// it nevertheless.
///
/// # Errors
/// An error of kind [`ErrorKind::Expectations`]. Its context has each judgement, as one line.
pub(crate) fn check(enrichment: &Enrichment, judged: &[Judgement]) -> Result<()> {
    if is_permitted(enrichment) {
        return Ok(());
    }
    let nevertheless = enrichment.run_command_with("--publish-anyway");
    let what_to_do =
        format!("what was published stays; correct the inputs, or publish nevertheless: {nevertheless}");
    none_missed(enrichment, judged, &what_to_do)
}

/// Checks that a run would publish, as far as contacts say.
///
/// # Errors
/// An error of kind [`ErrorKind::Expectations`]. Its context has each judgement, as one line.
pub(crate) fn check_contacts(enrichment: &Enrichment, judged: &[Judgement]) -> Result<()> {
    if is_permitted(enrichment) {
        return Ok(());
    }
    none_missed(enrichment, judged, "a run would publish nothing: correct [contacts]")
}

/// Whether a run publishes although it has missed expectations.
fn is_permitted(enrichment: &Enrichment) -> bool {
    enrichment.expect.warn || enrichment.expect.publish_anyway
}

/// Checks that what is published has missed no expectation.
///
/// # Errors
/// An error of kind [`ErrorKind::Expectations`]. Its context has each judgement, as one line.
pub(crate) fn check_published(enrichment: &Enrichment, judged: &[Judgement]) -> Result<()> {
    none_missed(enrichment, judged, "look at the last run and its inputs")
}

fn none_missed(enrichment: &Enrichment, judged: &[Judgement], what_to_do: &str) -> Result<()> {
    let names: Vec<_> = missed(judged).iter().map(|judgement| judgement.expectation.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let what = format!("{}: [expect] {}", enrichment.file.display(), summary(&names, judged.len()));
    let error = Error::new(ErrorKind::Expectations, format!("{what}; {what_to_do}"));
    Err(judged.iter().fold(error, |error, judgement| error.with_context(CONTEXT, judgement.to_string())))
}

/// The note of a run that publishes although it has missed expectations; `None` if it has not.
pub(crate) fn note(enrichment: &Enrichment, judged: &[Judgement]) -> Option<String> {
    let missed = missed(judged);
    let names: Vec<_> = missed.iter().map(|judgement| judgement.expectation.as_str()).collect();
    let why = if enrichment.expect.publish_anyway { "--publish-anyway" } else { "on_failure = \"warn\"" };
    (!missed.is_empty())
        .then(|| format!("[expect] {}; published because of {why}", summary(&names, judged.len())))
}

/// `2 of 5 expectations are missed: max_age_days, max_drop of messages`
fn summary(missed: &[&str], all: usize) -> String {
    let are = if missed.len() == 1 { "is" } else { "are" };
    let noun = if all == 1 { "expectation" } else { "expectations" };
    format!("{} of {all} {noun} {are} missed: {}", missed.len(), missed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Expectations;
    use crate::config::Overrides;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/enrichment.toml");

    fn enrichment(expect: Expectations) -> Enrichment {
        Enrichment { expect, ..Enrichment::open_with(FILE, &Overrides::default()).unwrap() }
    }

    fn overview() -> Overview {
        Overview {
            enrichment: "northwind-demo".into(),
            as_of: "2026-10-31".parse().unwrap(),
            first_day: None,
            last_day: None,
            days_covered: Some(300),
            mailboxes_listed: 12,
            mailboxes_active: Some(9),
            messages_engaged: Some(950),
            meetings_engaged: Some(180),
            accounts_in_profile: 0,
            accounts_engaged: 0,
            shared_addresses: 0,
            addresses_by_domain: Some(0),
            accounts_by_domain: Some(0),
            shared_domains: 0,
        }
    }

    fn rows(source: &str, disposition: &str, rows: i64) -> Disposition {
        Disposition { source: source.into(), disposition: disposition.into(), rows }
    }

    fn every() -> Expectations {
        Expectations {
            max_age_days: Some(3),
            min_days_covered: Some(300),
            min_mailboxes_active: Some(Amount::Share(Share(8_000))),
            min_accounts_engaged: Some(Amount::Share(Share(0))),
            min_contacts_used: Some(Amount::Number(5)),
            max_drop: Some(Share(500)),
            max_rows_not_used: vec![("missing_time", Share(100)), ("unknown_account", Share(5_000))],
            ..Expectations::default()
        }
    }

    #[test]
    fn each_with_expected_and_found() {
        let enrichment = enrichment(every());
        let before = Overview { meetings_engaged: None, messages_engaged: Some(1001), ..overview() };
        let dispositions = [
            rows("contacts", "used", 6),
            rows("contacts", "unknown_account", 6),
            rows("mail", "used", 98),
            rows("mail", "missing_time", 2),
        ];
        let found = Found {
            as_of: "2026-10-31".parse().unwrap(),
            last_used_on: Some("2026-10-27".parse().ok()),
            min_people: 1,
            overview: &overview(),
            dispositions: &dispositions,
            before: Ok(&before),
        };
        let lines: Vec<_> = judge(&enrichment, &found).iter().map(Judgement::to_string).collect();
        let expected = [
            "missed   max_age_days: expected at most 3, found 4 (the last day with used rows is 2026-10-27)",
            "met      min_days_covered: expected at least 300, found 300",
            "missed   min_mailboxes_active: expected at least 80% of the listed mailboxes, found 75% (9 of 12)",
            "missed   min_accounts_engaged: expected at least 0% of the accounts, found 0% (0 of 0)",
            "missed   max_drop of messages: expected at most 5% fewer than before, found 5.09% (1001 before, 950 now)",
            "unknown  max_drop of meetings: expected at most 5% fewer than before, found a suppressed number",
            "met      max_drop of accounts engaged: expected at most 5% fewer than before, found 0 before, 0 now",
            "met      min_contacts_used: expected at least 5, found 6",
            "missed   max_rows_not_used.missing_time of mail: expected at most 1% of the rows, found 2% (2 of 100)",
            "met      max_rows_not_used.unknown_account of contacts: expected at most 50% of the rows, found 50% (6 of 12)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_not_known_is_not_missed_and_nothing_is() {
        let enrichment = enrichment(every());
        let judged = |last_used_on| {
            let found = Found {
                as_of: "2026-10-31".parse().unwrap(),
                last_used_on,
                min_people: 1,
                overview: &overview(),
                dispositions: &[],
                before: Err("nothing that is published"),
            };
            judge(&enrichment, &found)
        };
        assert_eq!(judged(None)[0].outcome, Outcome::Unknown);
        assert_eq!(judged(Some(None))[0].outcome, Outcome::Missed);
        let later = judged(Some("2026-11-05".parse().ok()));
        assert!(later[0].found.starts_with("0 ("), "{later:?}");
        let drops: Vec<_> = later.iter().filter(|j| j.expectation.starts_with("max_drop")).collect();
        assert!(drops.len() == 3 && drops.iter().all(|j| j.outcome == Outcome::Unknown), "{later:?}");
        let none: Vec<_> = later.iter().filter(|j| j.found == "no such row").collect();
        assert!(none.len() == 2 && none.iter().all(|j| j.outcome == Outcome::Met), "{later:?}");
    }

    /// The last day is suppressed, and the as-of date of the tables is not: nobody has published for a month.
    #[test]
    fn tables_that_are_too_old_are_missed_without_their_last_day() {
        let enrichment = enrichment(every());
        let age = |as_of: &str| {
            let (as_of, overview) = (as_of.parse().unwrap(), overview());
            let (dispositions, before) = (&[], Err("nothing"));
            let found =
                Found { as_of, last_used_on: None, min_people: 2, overview: &overview, dispositions, before };
            judge(&enrichment, &found)[0].to_string()
        };
        let missed =
            "missed   max_age_days: expected at most 3, found at least 4 (the tables are as of 2026-10-31)";
        assert_eq!(age("2026-11-04"), missed);
        for early in ["2026-11-03", "2026-10-01"] {
            assert!(age(early).starts_with("unknown  max_age_days: "), "{early}");
        }
    }

    /// The rows of mail are known or suppressed by what is published, whatever the file says by now.
    #[test]
    fn shares_of_rows_are_judged_by_the_min_people_that_found_them() {
        let dispositions = [rows("mail", "missing_time", 2)];
        for (in_file, published, outcome) in [(1, 2, Outcome::Unknown), (2, 1, Outcome::Missed)] {
            let enrichment = Enrichment { min_people: in_file, ..enrichment(every()) };
            let found = Found {
                as_of: "2026-10-31".parse().unwrap(),
                last_used_on: None,
                min_people: published,
                overview: &overview(),
                dispositions: &dispositions,
                before: Err("nothing"),
            };
            let judged = judge(&enrichment, &found);
            let of_mail = judged.iter().find(|j| j.expectation == "max_rows_not_used.missing_time of mail");
            assert_eq!(of_mail.map(|j| j.outcome), Some(outcome), "{in_file}, {published}");
        }
    }

    #[test]
    fn a_missed_expectation_stops_unless_permitted() {
        let judged = |outcome| Judgement {
            expectation: "max_age_days".into(),
            expected: "at most 3".into(),
            found: "4".into(),
            outcome,
        };
        let stops = enrichment(Expectations::default());
        for outcome in [Outcome::Met, Outcome::Unknown] {
            check(&stops, &[judged(outcome)]).unwrap();
            assert_eq!(note(&stops, &[judged(outcome)]), None);
        }
        let bad = [judged(Outcome::Missed), judged(Outcome::Met)];
        let error = check(&stops, &bad).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Expectations, 3));
        let text = error.to_string();
        assert!(text.contains(": [expect] 1 of 2 expectations is missed: max_age_days; what was"), "{text}");
        assert!(text.ends_with("enrichment.toml --publish-anyway"), "{text}");
        assert_eq!(error.context()[0], (CONTEXT, bad[0].to_string()));
        assert_eq!(error.context().len(), 2);
        let text = check_contacts(&stops, &bad).unwrap_err().to_string();
        assert!(text.ends_with(": max_age_days; a run would publish nothing: correct [contacts]"), "{text}");
        for (expect, why) in [
            (Expectations { warn: true, ..Expectations::default() }, "on_failure = \"warn\""),
            (Expectations { publish_anyway: true, ..Expectations::default() }, "--publish-anyway"),
        ] {
            let enrichment = enrichment(expect);
            check(&enrichment, &bad).unwrap();
            check_contacts(&enrichment, &bad).unwrap();
            assert!(note(&enrichment, &bad).unwrap().ends_with(&format!("; published because of {why}")));
        }
    }
}
