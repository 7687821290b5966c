//! `engagement status`: what is published, beside the run before, and whether it is as expected.

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::expectations::{lines, print_judged, summary};
use super::limits::{Limits, within};
use super::out;
use super::session::Target;
use super::text::{pad, visible};
use crate::config::{Enrichment, OutputFormat};
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::{self, Status};
use crate::publish::Overview;

/// Say what is published: as-of date, when and by which version, and whether it is as expected.
///
/// The overview stands beside that of the run before. The expectations of the enrichment file are judged
/// now. Ages are counted to the as-of date of the enrichment: that of --as-of or of the file, else
/// yesterday. Reads no inputs. Exit code 3 if an expectation is missed, for monitoring.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement status enrichment.toml
  engagement status enrichment.toml --format json | jq .age_days")]
pub struct StatusCommand {
    #[command(flatten)]
    target: Target,
    /// The day to which ages are counted, YYYY-MM-DD, instead of the as-of date of the enrichment file.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// The format of the result.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// A format of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Table,
    /// One object.
    Json,
}

impl StatusCommand {
    pub async fn run(self) -> Result<()> {
        let enrichment = self.target.open(self.as_of)?;
        let ctx = self.target.resources.session()?;
        let limits = Limits::of_run(&self.target.resources);
        let status = within(limits, pipeline::status_on(&ctx, &enrichment)).await?;
        match self.format {
            Format::Table => out::print(&text(&status, &enrichment))?,
            Format::Json => out::print(&format!("{:#}\n", object(&status, &enrichment)))?,
        }
        let checked = status.check(&enrichment);
        // The table has these lines already.
        if self.format == Format::Json { checked.inspect_err(print_judged) } else { checked }
    }
}

/// A number or date of an overview as text.
type Shown = fn(&Overview) -> Option<String>;

/// The lines of the comparison.
const COMPARED: [(&str, Shown); 14] = [
    ("As-of date", |o| Some(o.as_of.to_string())),
    ("First day", |o| o.first_day.map(|day| day.to_string())),
    ("Last day", |o| o.last_day.map(|day| day.to_string())),
    ("Days covered", |o| o.days_covered.map(grouped)),
    ("Mailboxes listed", |o| Some(grouped(o.mailboxes_listed))),
    ("Mailboxes active", |o| o.mailboxes_active.map(grouped)),
    ("Messages engaged", |o| o.messages_engaged.map(grouped)),
    ("Meetings engaged", |o| o.meetings_engaged.map(grouped)),
    ("Accounts in profile", |o| Some(grouped(o.accounts_in_profile))),
    ("Accounts engaged", |o| Some(grouped(o.accounts_engaged))),
    ("Shared addresses", |o| Some(grouped(o.shared_addresses))),
    ("Addresses by domain", |o| o.addresses_by_domain.map(grouped)),
    ("Accounts by domain", |o| o.accounts_by_domain.map(grouped)),
    ("Shared domains", |o| Some(grouped(o.shared_domains))),
];

fn text(status: &Status, enrichment: &Enrichment) -> String {
    let overview = &status.overview;
    let mut text = format!("{}, as of {}\n\n", visible(&overview.enrichment), overview.as_of);
    let mut line = |label: &str, value: &str| text += format!("{label:21}{value}\n").as_str();
    let version = visible(status.version.as_deref().unwrap_or("unknown"));
    let at = status.published_at.map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    line("Published", &format!("{} by version {version}", at.unwrap_or("at an unknown time".into())));
    line("Age", &age(status, enrichment));
    let before = |day: NaiveDate| (status.as_of - day).num_days();
    let last = |day: NaiveDate| match before(day) {
        days @ 0.. => format!("{day}, {} before {}", count(days, "day"), status.as_of),
        _ => day.to_string(),
    };
    line("Last used row", &status.last_used_on.map_or("unknown".into(), last));
    line("As-of dates", &dates(&status.retained));
    let bytes: u64 = status.sizes.iter().map(|(_, bytes)| bytes).sum();
    let tables = count(status.sizes.len(), "table");
    line("Size", &format!("{} in {tables} ({})", megabytes(bytes), enrichment.output.format.as_str()));

    let before = status.before.as_ref();
    let titles = before.map(|before| ("this run", format!("before ({})", before.version)));
    let rows = COMPARED.map(|(label, shown)| {
        let of = |overview: &Overview| shown(overview).unwrap_or_else(|| "-".into());
        (label, of(overview), before.map(|before| of(&before.overview)))
    });
    let width = rows.iter().map(|(_, now, _)| now.len()).max().unwrap_or_default().max("this run".len());
    let last = rows.iter().filter_map(|(_, _, before)| before.as_ref()).map(String::len).max();
    let last = last.unwrap_or_default().max(titles.as_ref().map_or(0, |(_, title)| title.len()));
    text.push('\n');
    if let Some((now, title)) = titles {
        text += &format!("{:21}{now:>width$}  {title:>last$}\n", "");
    }
    for (label, now, before) in rows {
        let before = before.map(|before| format!("  {}", pad(&before, last, true))).unwrap_or_default();
        text += &format!("{label:21}{now:>width$}{before}\n");
    }
    if !status.expectations.is_empty() {
        text += &format!("\nExpectations: {}\n", summary(&status.expectations));
        text += &lines(&status.expectations);
    }
    if !status.published_although.is_empty() {
        text += "\nPublished although these were missed then\n";
        text += &lines(&status.published_although);
    }
    for note in &status.notes {
        text += &format!("\nNote: {}\n", visible(note));
    }
    text
}

/// The days from the as-of date of the tables to the day to which ages are counted.
fn age(status: &Status, enrichment: &Enrichment) -> String {
    let (as_of, to) = (status.overview.as_of, status.as_of);
    match (to - as_of).num_days() {
        days @ 0.. => format!("{}, from {as_of} to {to}", count(days, "day")),
        later => {
            let what = format!("none: {as_of} is {} after {to}", count(-later, "day"));
            match status.retained.len() {
                0 | 1 => what,
                _ => format!("{what}; if it is mistyped: {}", enrichment.drop_command(as_of)),
            }
        }
    }
}

/// The as-of dates: their number if there are several, and the first and the last one.
fn dates(dates: &[NaiveDate]) -> String {
    match dates {
        [] => "none".into(),
        [only] => only.to_string(),
        [first, .., last] => format!("{}, {first} to {last}", grouped(dates.len())),
    }
}

fn megabytes(bytes: u64) -> String {
    if bytes < 100_000 { count(bytes, "byte") } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

fn object(status: &Status, enrichment: &Enrichment) -> Value {
    let format: OutputFormat = enrichment.output.format;
    let tables: serde_json::Map<_, _> =
        status.sizes.iter().map(|(name, bytes)| ((*name).to_owned(), json!(bytes))).collect();
    json!({
        "enrichment": status.overview.enrichment,
        "as_of": status.overview.as_of,
        "published_at": status.published_at,
        "version": status.version,
        "counted_to": status.as_of,
        "age_days": status.age_days(),
        "last_used_on": status.last_used_on,
        "retained": status.retained,
        "format": format.as_str(),
        "bytes": tables,
        "overview": status.overview,
        "before": status.before,
        "is_as_expected": status.is_as_expected(),
        "expectations": status.expectations,
        "published_although": status.published_although,
        "notes": status.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use crate::publish::{Before, Judgement, Outcome};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn overview(as_of: &str, messages: Option<i64>) -> Overview {
        Overview {
            enrichment: "us-sales".into(),
            as_of: day(as_of),
            first_day: Some(day("2026-01-05")),
            last_day: None,
            days_covered: Some(212),
            mailboxes_listed: 12,
            mailboxes_active: Some(11),
            messages_engaged: messages,
            meetings_engaged: Some(1),
            accounts_in_profile: 60,
            accounts_engaged: 57,
            shared_addresses: 2,
            addresses_by_domain: Some(0),
            accounts_by_domain: Some(0),
            shared_domains: 0,
        }
    }

    fn status() -> Status {
        let missed = Judgement {
            expectation: "max_age_days".into(),
            expected: "at most 3".into(),
            found: "20".into(),
            outcome: Outcome::Missed,
        };
        Status {
            overview: overview("2026-11-22", Some(4310)),
            published_at: Some("2026-11-23T03:15:42Z".parse().unwrap()),
            version: Some("0.1.0".into()),
            last_used_on: Some(day("2026-11-20")),
            before: Some(Before {
                published_at: "2026-11-22T03:15:41Z".parse().unwrap(),
                version: "0.1.0".into(),
                overview: overview("2026-11-21", None),
            }),
            as_of: day("2026-11-24"),
            expectations: vec![missed],
            published_although: vec![],
            retained: vec![day("2026-10-31"), day("2026-11-22")],
            sizes: vec![("Office", 1_234_567), ("Office_Overview", 1_000)],
            notes: vec!["[output] 1 as-of date of the history is incomplete".to_owned()],
        }
    }

    fn enrichment() -> Enrichment {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/enrichment.toml");
        Enrichment::open_with(file, &Overrides::default()).unwrap()
    }

    #[test]
    fn the_status_as_printed() {
        let expected = "\
us-sales, as of 2026-11-22

Published            2026-11-23 03:15:42 UTC by version 0.1.0
Age                  2 days, from 2026-11-22 to 2026-11-24
Last used row        2026-11-20, 4 days before 2026-11-24
As-of dates          2, 2026-10-31 to 2026-11-22
Size                 1.2 MB in 2 tables (parquet)

                       this run  before (0.1.0)
As-of date           2026-11-22      2026-11-21
First day            2026-01-05      2026-01-05
Last day                      -               -
Days covered                212             212
Mailboxes listed             12              12
Mailboxes active             11              11
Messages engaged          4,310               -
Meetings engaged              1               1
Accounts in profile          60              60
Accounts engaged             57              57
Shared addresses              2               2
Addresses by domain           0               0
Accounts by domain            0               0
Shared domains                0               0

Expectations: 0 of 1 met, 1 missed
  missed   max_age_days: expected at most 3, found 20

Note: [output] 1 as-of date of the history is incomplete
";
        assert_eq!(text(&status(), &enrichment()), expected);
        let first = Status {
            before: None,
            published_at: None,
            last_used_on: None,
            retained: vec![day("2026-11-22")],
            sizes: vec![("Office", 9)],
            expectations: vec![],
            ..status()
        };
        let text = text(&first, &enrichment());
        assert!(text.contains("Last used row        unknown\n"), "{text}");
        assert!(text.contains("Published            at an unknown time by version 0.1.0\n"), "{text}");
        assert!(text.contains("\nAs-of dates          2026-11-22\nSize                 9 bytes in 1 table (parquet)\n\nAs-of"), "{text}");
    }

    #[test]
    fn a_date_after_the_day_to_which_ages_are_counted() {
        let later = Status { as_of: day("2026-11-19"), ..status() };
        let text = text(&later, &enrichment());
        let says = "Age                  none: 2026-11-22 is 3 days after 2026-11-19; if it is mistyped: engagement history ";
        assert!(
            text.contains(says) && text.contains(" --drop 2026-11-22\nLast used row        2026-11-20\n"),
            "{text}"
        );
        let only = Status { retained: vec![day("2026-11-22")], ..later };
        let age = age(&only, &enrichment());
        assert_eq!(age, "none: 2026-11-22 is 3 days after 2026-11-19");
    }

    #[test]
    fn the_status_as_an_object() {
        let object = object(&status(), &enrichment());
        assert_eq!(object["age_days"], 2);
        assert_eq!(object["is_as_expected"], false);
        assert_eq!(object["published_at"], "2026-11-23T03:15:42Z");
        assert_eq!(object["overview"]["MessagesEngaged"], 4310);
        assert_eq!(object["before"]["overview"]["MessagesEngaged"], Value::Null);
        assert_eq!(object["retained"][0], "2026-10-31");
        assert_eq!(object["bytes"]["Office"], 1_234_567);
        assert_eq!(object["expectations"][0]["outcome"], "missed");
    }
}
