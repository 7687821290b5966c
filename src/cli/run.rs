//! `engagement run`: runs an enrichment and publishes the result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::limits::{Limits, until};
use super::session::{RunArgs, Target};
use super::signals::unless_ended;
use super::text::visible;
use super::{expectations, out, timings};
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::progress::PUBLISH;
use crate::pipeline::{self, Disposition, Progress, Report};

/// Compute Office from the inputs and publish it. It replaces what this enrichment has published before.
///
/// The result is replaced as a whole or not at all. Tables of another enrichment (of another name) and
/// files of other programs are replaced only with --replace. A run that does not find what `[expect]` in the
/// enrichment file expects publishes nothing and ends with exit code 3. At the end, the command prints what the data covers,
/// which input rows do not count and why, and where Office is.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement run enrichment.toml
  engagement run enrichment.toml --as-of 2026-11-22 --output /tmp/out
  engagement run enrichment.toml --window-days 90 --levels year,quarter
  engagement run enrichment.toml --memory-limit 2GB --timings")]
pub struct Run {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    run: RunArgs,
    /// Publish even if the run does not find what `[expect]` in the enrichment file expects.
    #[arg(long)]
    publish_anyway: bool,
    /// At the end, print a table on standard error, with one line per stage: its time, rows in and out,
    /// megabytes read and spilled, and the peak of reserved memory.
    #[arg(long)]
    timings: bool,
}

impl Run {
    pub async fn run(self) -> Result<()> {
        let enrichment = self.target.open_for_run(self.run, self.publish_anyway)?;
        let began = Instant::now();
        let ctx = self.target.resources.session()?;
        let stages = Stages::new();
        let limits = Limits::of_run(&self.target.resources);
        let work = pipeline::run_on(&ctx, &enrichment, &stages);
        let report = unless_ended(until(&stages.is_publishing, limits, work)).await;
        stages.finish();
        let report = report.inspect_err(expectations::print_judged)?;
        expectations::print_if_missed(&report.expectations);
        if let Some(newer) = report.newer {
            let as_of = report.overview.as_of;
            out::note(format!(
                "warning: the tables of {as_of} are retained and not current: those of {newer} stay published, and \
                 sql, segment and card read those"
            ));
        }
        if let Some(replaced) = report.replaced {
            let as_of = report.overview.as_of;
            out::note(format!(
                "warning: the published as-of date goes back from {replaced} to {as_of}: this run has replaced the later \
                 tables; to publish them again, run with --as-of {replaced}"
            ));
        }
        if self.timings {
            eprint!("{}", timings::table(&report.stages, began.elapsed()));
        }
        out::print(&overview(&report, enrichment.window_days))
    }
}

/// Shows the current stage and the elapsed time on a terminal, and nothing elsewhere.
pub(super) struct Stages {
    bar: ProgressBar,
    /// Whether the run has begun to publish. Then it is not dropped because of its memory: it may be published already.
    is_publishing: AtomicBool,
}

impl Stages {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise}  {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Self { bar, is_publishing: AtomicBool::new(false) }
    }

    /// Removes what is shown.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Stages {
    fn stage(&self, name: &str) {
        if name == PUBLISH {
            self.is_publishing.store(true, Ordering::Relaxed);
        }
        self.bar.set_message(name.to_owned());
    }
}

fn overview(report: &Report, window_days: u32) -> String {
    let o = &report.overview;
    let current = if report.newer.is_some() { " (retained, not current)" } else { "" };
    let mut text = format!("{}, as of {}{current}\n\n", visible(&o.enrichment), o.as_of);
    let mut line = |label: &str, value: String| text += format!("{label:18}{value}\n").as_str();

    match o.days_covered {
        Some(days) => {
            line("Days with data", format!("{} of {}", grouped(days), grouped(window_days)));
            if let Some(missing) = missing_days(report, window_days) {
                line("", format!("{missing}: run again when more data has arrived"));
            }
        }
        None => line("Days with data", format!("suppressed, of {}", grouped(window_days))),
    }
    line(
        "Engaged days",
        match (o.first_day, o.last_day) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "none".into(),
        },
    );
    let engaged =
        |number: Option<i64>, noun| number.map_or(format!("{noun}s suppressed"), |n| count(n, noun));
    let messages = engaged(o.messages_engaged, "message");
    line("Engaged", format!("{messages}, {}", engaged(o.meetings_engaged, "meeting")));
    let active = o.mailboxes_active.map_or("active suppressed".into(), |n| format!("{} active", grouped(n)));
    line("Mailboxes", format!("{} listed, {}", grouped(o.mailboxes_listed), active));
    line(
        "Accounts",
        format!("{} of {} engaged", grouped(o.accounts_engaged), grouped(o.accounts_in_profile)),
    );
    if o.shared_addresses > 0 {
        let shared = count(o.shared_addresses, "address");
        line("Shared", format!("{shared} of several accounts, counted for each of them"));
    }
    if !report.expectations.is_empty() {
        text += &format!("{:18}{}\n", "Expected", expectations::summary(&report.expectations));
    }
    if let Some(domains) = &report.domains {
        text += &format!("{:18}{domains}\n", "Domains");
    }
    text += &unused(report);
    for note in &report.notes {
        text += &format!("\nNote: {}\n", visible(note));
    }
    text + &format!("\nOffice: {} ({})\n", visible(&report.office), count(report.office_rows, "row"))
}

/// Which days at the ends of the window have no data; `None` if none are missing. Quiet days between others
/// are not missing, and neither is a weekend at an end.
fn missing_days(report: &Report, window_days: u32) -> Option<String> {
    let last_day = report.overview.as_of;
    let first_day = last_day - Days::new(u64::from(window_days.saturating_sub(1)));
    let Some((first, last)) = report.covered else { return Some("none in the window".into()) };
    let has_workday = |from: NaiveDate, to: NaiveDate| {
        let days = from.iter_days().take_while(|day| *day < to);
        days.into_iter().any(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
    };
    let before = has_workday(first_day, first).then(|| format!("before {first}"));
    let after = has_workday(last + Days::new(1), last_day + Days::new(1)).then(|| format!("after {last}"));
    match (before, after) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(format!("none {one}")),
        (Some(before), Some(after)) => Some(format!("none {before} and none {after}")),
    }
}

/// The lines about input rows that do not count, with their dispositions. Notes tell of rows that have none.
fn unused(report: &Report) -> String {
    if report.is_every_row_used {
        return match report.overview.accounts_engaged {
            0 => "\nNo account is engaged, although no input row is left out: nothing in mail and meetings is between a \
                  mailbox and an account.\n"
                .into(),
            _ => "\nEvery input row was used.\n".into(),
        };
    }
    let unused: Vec<&Disposition> = report
        .dispositions
        .iter()
        // The line of the domains tells of their values.
        .filter(|d| d.disposition != "used" && d.source != "domains")
        .collect();
    if unused.is_empty() {
        return String::new();
    }
    let mut text = "\nInput rows that do not count\n".to_owned();
    let digits = unused.iter().map(|d| grouped(d.rows).len()).max().unwrap_or_default();
    for d in unused {
        text += &format!("  {:10}{:20}{:>digits$}\n", d.source, d.disposition, grouped(d.rows));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::pipeline::Overview;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn report(days_covered: i64) -> Report {
        let disposition = |source: &str, disposition: &str, rows| Disposition {
            source: source.into(),
            disposition: disposition.into(),
            rows,
        };
        Report {
            stages: vec![],
            overview: Overview {
                enrichment: "us-sales".into(),
                as_of: day("2026-11-22"),
                first_day: Some(day("2026-01-05")),
                last_day: Some(day("2026-11-20")),
                days_covered: Some(days_covered),
                mailboxes_listed: 12,
                mailboxes_active: Some(11),
                messages_engaged: Some(4310),
                meetings_engaged: Some(1),
                accounts_in_profile: 60,
                accounts_engaged: 57,
                shared_addresses: 2,
                addresses_by_domain: Some(0),
                accounts_by_domain: Some(0),
                shared_domains: 0,
            },
            domains: None,
            covered: Some((day("2026-01-02"), day("2026-11-20"))),
            dispositions: vec![
                disposition("contacts", "used", 90),
                disposition("mail", "automatic", 1112),
                disposition("meetings", "ends_before_start", 3),
            ],
            is_every_row_used: false,
            expectations: vec![],
            office: "out/Office.parquet".into(),
            newer: None,
            replaced: None,
            office_rows: 1234,
            notes: vec!["[meetings] 6 rows are series masters".into()],
        }
    }

    #[test]
    fn the_overview_as_printed() {
        let expected = "\
us-sales, as of 2026-11-22

Days with data    212 of 365
                  none before 2026-01-02: run again when more data has arrived
Engaged days      2026-01-05 to 2026-11-20
Engaged           4,310 messages, 1 meeting
Mailboxes         12 listed, 11 active
Accounts          57 of 60 engaged
Shared            2 addresses of several accounts, counted for each of them

Input rows that do not count
  mail      automatic           1,112
  meetings  ends_before_start       3

Note: [meetings] 6 rows are series masters

Office: out/Office.parquet (1,234 rows)
";
        assert_eq!(overview(&report(212), 365), expected);
    }

    /// The window of 365 days that ends with Sunday 2026-11-22 begins with Sunday 2025-11-23.
    #[test]
    fn only_days_at_the_ends_are_missing() {
        for (covered, missing) in [
            (Some(("2025-11-23", "2026-11-22")), None),
            (Some(("2025-11-24", "2026-11-20")), None),
            (Some(("2025-11-25", "2026-11-20")), Some("none before 2025-11-25")),
            (Some(("2025-11-23", "2026-11-19")), Some("none after 2026-11-19")),
            (Some(("2026-03-02", "2026-03-02")), Some("none before 2026-03-02 and none after 2026-03-02")),
            (None, Some("none in the window")),
        ] {
            let covered = covered.map(|(first, last)| (day(first), day(last)));
            let report = Report { covered, ..report(3) };
            assert_eq!(missing_days(&report, 365).as_deref(), missing, "{covered:?}");
        }
        let one_day = |covered| missing_days(&Report { covered, ..report(1) }, 1);
        assert_eq!(one_day(Some((day("2026-11-22"), day("2026-11-22")))), None);
        assert!(one_day(None).is_some());
    }

    #[test]
    fn a_covered_window_has_no_hint_and_no_activity_says_so() {
        let mut report = report(212);
        report.covered = Some((day("2025-11-23"), day("2026-11-22")));
        report.overview.first_day = None;
        report.overview.shared_addresses = 0;
        report.dispositions.truncate(1);
        report.is_every_row_used = true;
        let text = overview(&report, 365);
        assert!(!text.contains("run again") && !text.contains("Shared"), "{text}");
        assert!(
            text.contains("Engaged days      none\n") && text.contains("Every input row was used.\n"),
            "{text}"
        );
        report.overview.accounts_engaged = 0;
        let text = overview(&report, 365);
        assert!(
            text.contains("\nNo account is engaged, although no") && !text.contains("Every input row"),
            "{text}"
        );
        // Rows without a disposition, such as those of users, can be unused, or a section has no rows.
        report.is_every_row_used = false;
        let text = overview(&report, 365);
        assert!(!text.contains("Every input row") && !text.contains("do not count"), "{text}");
    }
}
