//! `engagement card`: shows one customer.

use std::collections::BTreeSet;

use clap::Args;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::{DataFrame, cast, ident, lit};

use super::bars::bars;
use super::limits::{Limits, TimeoutArgs, within};
use super::out;
use super::rounded::rounded;
use super::session::{Session, Target};
use super::text::{columns, pad, visible};
use crate::error::numbers::grouped;
use crate::error::suggest::all_nearest;
use crate::error::{Error, Result};

/// Show the card of one customer: attributes, score, emails, meetings, and twelve months of both.
#[derive(Args)]
#[command(after_help = "\
Example:
  engagement card enrichment.toml a-17")]
pub struct Card {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    timeout: TimeoutArgs,
    /// The customer: a value of the column CustomerId.
    #[arg(value_name = "CUSTOMER_ID", allow_negative_numbers = true)]
    customer: String,
}

impl Card {
    pub async fn run(self) -> Result<()> {
        let (ctx, enrichment) = (self.target.resources.session()?, self.target.open(None)?);
        let limits = Limits::of_statement(&self.target.resources, &self.timeout);
        let customer = within(limits, async {
            let session = Session::published(ctx, enrichment).await?;
            match Customer::read(&session, &self.customer).await? {
                Some(customer) => Ok(customer),
                None => Err(unknown(&session, &self.customer).await?),
            }
        });
        out::print(&customer.await?.draw(out::width()))
    }
}

/// The text that is shown instead of a suppressed number.
const SUPPRESSED: &str = "suppressed";

/// The content of a card.
struct Customer {
    id: String,
    name: Option<String>,
    /// `None` if the score is suppressed.
    score: Option<f64>,
    /// Messages to the account plus messages from it; `None` if the number is suppressed.
    emails: Option<i64>,
    /// Meetings to the account plus meetings from it; `None` if the number is suppressed.
    meetings: Option<i64>,
    /// Month such as `2026-11`, emails and meetings, oldest month first; `None` if they are suppressed.
    months: Option<Vec<(String, i64, i64)>>,
    /// The attributes of the account that are not null, with their names.
    attributes: Vec<(String, String)>,
    /// The name of the enrichment and the as-of date.
    source: String,
}

impl Customer {
    async fn read(session: &Session, id: &str) -> Result<Option<Customer>> {
        let of_customer = |frame: DataFrame| frame.filter(ident("CustomerId").eq(lit(id)));
        let card = of_customer(table(session, "CustomerCard").await?)?.select(vec![
            cast(ident("Name"), DataType::Utf8),
            cast(ident("EngagementScore"), DataType::Float64),
            cast(ident("Emails"), DataType::Int64),
            cast(ident("Meetings"), DataType::Int64),
        ])?;
        let card = collect(session, card).await?;
        if card.num_rows() == 0 {
            return Ok(None);
        }
        let history = of_customer(table(session, "CustomerCard_History").await?)?
            .sort(vec![ident("Month").sort(true, false)])?
            .select(vec![
                cast(ident("Month"), DataType::Date32),
                cast(ident("Emails"), DataType::Int64),
                cast(ident("Meetings"), DataType::Int64),
            ])?;
        let history = collect(session, history).await?;
        let month = history.column(0).as_primitive::<Date32Type>();
        let months = (0..history.num_rows()).map(|i| {
            let month = month.value_as_date(i).map(|d| d.format("%Y-%m").to_string());
            Some((month.unwrap_or_default(), int(&history, 1, i)?, int(&history, 2, i)?))
        });
        let name = card.column(0).as_string::<i32>();
        Ok(Some(Customer {
            id: id.to_owned(),
            name: name.is_valid(0).then(|| name.value(0).to_owned()),
            score: card.column(1).as_primitive::<Float64Type>().iter().next().flatten(),
            emails: int(&card, 2, 0),
            meetings: int(&card, 3, 0),
            months: months.collect(),
            attributes: attributes(session, id).await?,
            source: source(session).await?,
        }))
    }

    fn draw(&self, width: usize) -> String {
        let id = visible(&self.id);
        let title = self.name.as_ref().map_or(id.clone(), |name| format!("{} ({id})", visible(name)));
        let gap = width.saturating_sub(columns(&title) + columns(&self.source));
        let mut card = if gap >= 2 {
            format!("{title}{}{}\n\n", " ".repeat(gap), self.source)
        } else {
            format!("{title}\n{}\n\n", self.source)
        };
        // Labels are aligned with those of the numbers.
        let label = self.attributes.iter().map(|(name, _)| columns(&visible(name))).max().unwrap_or(0).max(8);
        for (name, value) in &self.attributes {
            card += &format!("{}  {}\n", pad(&visible(name), label, false), visible(value));
        }
        if !self.attributes.is_empty() {
            card += "\n";
        }
        let number = |number: Option<i64>| number.map_or(SUPPRESSED.to_owned(), grouped);
        card += &self.score.map_or(format!("Score     {SUPPRESSED:>8}\n"), |s| {
            format!("Score     {:>8} of 100\n", score(s))
        });
        card += &format!("Emails    {:>8}\n", number(self.emails));
        card += &format!("Meetings  {:>8}\n\n", number(self.meetings));
        let Some(months) = &self.months else { return card + &format!("Months    {SUPPRESSED:>8}\n") };

        // Month, two blanks, a chart, two blanks, a chart.
        let chart = width.saturating_sub(7 + 2 + 2) / 2;
        let emails = bars(&months.iter().map(|m| m.1).collect::<Vec<_>>(), chart);
        let meetings = bars(&months.iter().map(|m| m.2).collect::<Vec<_>>(), chart);
        card += &format!("{:7}  {}  Meetings\n", "Month", pad("Emails", chart, false));
        for (((month, ..), emails), meetings) in months.iter().zip(emails).zip(meetings) {
            card += &format!("{month:7}  {emails}  {}\n", meetings.trim_end());
        }
        card
    }
}

/// The attributes of a customer that are not null, each with its name.
async fn attributes(session: &Session, id: &str) -> Result<Vec<(String, String)>> {
    let accounts = table(session, "Office_Accounts").await?.filter(ident("CustomerId").eq(lit(id)))?;
    let accounts = collect(session, accounts).await?;
    if accounts.num_rows() == 0 {
        return Ok(vec![]);
    }
    let schema = accounts.schema();
    // The first two columns are the id and the name.
    let columns = schema.fields().iter().zip(accounts.columns()).skip(2);
    let valid = columns.filter(|(_, column)| !column.data_type().is_null() && column.is_valid(0));
    let shown = valid.map(|(field, column)| {
        let value = array_value_to_string(column, 0).map_err(|e| session.statements.explain(e.into()))?;
        Ok((field.name().clone(), value))
    });
    shown.collect()
}

/// The score with one decimal, or with more if it would be a whole number that it is not.
fn score(score: f64) -> String {
    rounded(score, 1).unwrap_or_else(|| score.to_string())
}

async fn table(session: &Session, name: &str) -> Result<DataFrame> {
    let name = datafusion::common::TableReference::bare(name);
    session.statements.context().table(name).await.map_err(|e| session.statements.explain(e))
}

async fn collect(session: &Session, frame: DataFrame) -> Result<RecordBatch> {
    let explain = |e| session.statements.explain(e);
    let schema = frame.schema().inner().clone();
    let batches = frame.collect().await.map_err(explain)?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    concat_batches(&schema, &batches).map_err(|e| explain(e.into()))
}

fn int(batch: &RecordBatch, column: usize, row: usize) -> Option<i64> {
    batch.column(column).as_primitive::<Int64Type>().iter().nth(row).flatten()
}

/// The enrichment and the as-of date of the last published run, such as `us-sales, as of 2026-11-22`.
async fn source(session: &Session) -> Result<String> {
    let overview = table(session, "Office_Overview")
        .await?
        .select(vec![cast(ident("Enrichment"), DataType::Utf8), cast(ident("AsOfDate"), DataType::Utf8)])?;
    let overview = collect(session, overview).await?;
    if overview.num_rows() == 0 {
        return Ok(visible(&session.enrichment.name));
    }
    let text = |column: usize| visible(overview.column(column).as_string::<i32>().value(0));
    Ok(format!("{}, as of {}", text(0), text(1)))
}

/// Maximum number of customers that are suggested.
const SUGGESTED: usize = 3;

/// The error for an unknown customer. It suggests the customers with the nearest identifiers or names.
async fn unknown(session: &Session, wanted: &str) -> Result<Error> {
    let ids = table(session, "CustomerCard").await?;
    let ids =
        ids.select(vec![cast(ident("CustomerId"), DataType::Utf8), cast(ident("Name"), DataType::Utf8)])?;
    let ids = collect(session, ids).await?;
    let (id, name) = (ids.column(0).as_string::<i32>(), ids.column(1).as_string::<i32>());
    // The user may have typed an identifier or a name.
    let spellings = (0..ids.num_rows()).flat_map(|i| {
        let name = name.is_valid(i).then(|| name.value(i));
        [Some(id.value(i)), name].into_iter().flatten().map(move |text| (text, id.value(i)))
    });
    let near: BTreeSet<&str> = all_nearest(wanted, spellings).into_iter().collect();
    let near: Vec<String> = near.into_iter().take(SUGGESTED).map(visible).collect();
    let wanted = visible(wanted);
    Ok(Error::query(if near.is_empty() {
        format!(
            "no customer {wanted} among the {} in CustomerCard; give a value of its column CustomerId",
            grouped(ids.num_rows())
        )
    } else {
        format!("no customer {wanted}; did you mean {}?", near.join(" or "))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Level, Source};
    use crate::query::testing;

    fn customer() -> Customer {
        Customer {
            id: "a1".into(),
            name: Some("Acme\u{1b}[2J Ltd".into()),
            score: Some(95.04),
            emails: Some(1070),
            meetings: Some(4),
            months: Some(vec![("2026-10".into(), 8, 4), ("2026-11".into(), 16, 0)]),
            attributes: vec![],
            source: "us-sales, as of 2026-11-22".into(),
        }
    }

    #[test]
    fn the_card_as_drawn() {
        // Charts are (60 - 11) / 2 = 24 wide; 24 - 3 = 21 columns for 16 emails, 24 - 2 = 22 for 4 meetings.
        let expected = "\
Acme\\u{1b}[2J Ltd (a1)            us-sales, as of 2026-11-22

Score        95.04 of 100
Emails       1,070
Meetings         4

Month    Emails                    Meetings
2026-10  ██████████▌ 8             ██████████████████████ 4
2026-11  █████████████████████ 16  · 0
";
        assert_eq!(customer().draw(60), expected);
    }

    #[test]
    fn attributes_are_above_the_numbers() {
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let attributes = vec![attribute("industry", "Tools\u{1b}"), attribute("Seats", "12")];
        let card = Customer { attributes, ..customer() }.draw(60);
        assert!(card.contains("\n\nindustry  Tools\\u{1b}\nSeats     12\n\nScore        95.04"), "{card}");
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
        let card = Customer { months: None, ..customer() }.draw(60);
        assert!(card.ends_with("Meetings         4\n\nMonths    suppressed\n"), "{card}");
        let card =
            Customer { score: None, emails: None, meetings: None, months: None, ..customer() }.draw(60);
        let expected =
            "\nScore     suppressed\nEmails    suppressed\nMeetings  suppressed\n\nMonths    suppressed\n";
        assert!(card.ends_with(expected), "{card}");
    }

    #[tokio::test]
    async fn the_customer_is_read_as_published() {
        let session = published().await;
        let customer = Customer::read(&session, "a1").await.unwrap().unwrap();
        assert_eq!(customer.name.as_deref(), Some("Acme Ltd"));
        assert_eq!((customer.score, customer.emails, customer.meetings), (Some(95.0), Some(70), Some(4)));
        let months = vec![("2026-10".to_owned(), 7, 1), ("2026-11".to_owned(), 12, 0)];
        assert_eq!(customer.months, Some(months));
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(customer.attributes, [attribute("Industry", "Tools"), attribute("Seats", "12")]);
        assert_eq!(customer.source, "us-sales, as of 2026-11-22");
        let nameless = Customer::read(&session, "a3").await.unwrap().unwrap();
        assert!(nameless.draw(80).starts_with("a3   ") && nameless.months == Some(vec![]));
    }

    #[tokio::test]
    async fn an_unknown_customer_has_near_ones() {
        let session = published().await;
        assert!(Customer::read(&session, "A1").await.unwrap().is_none());
        assert!(Customer::read(&session, "a1' or 'a' = 'a").await.unwrap().is_none());
        let said = async |id: &str| unknown(&session, id).await.unwrap().to_string();
        assert_eq!(said("A1").await, "no customer A1; did you mean a1?");
        assert_eq!(said("Globx").await, "no customer Globx; did you mean a2?");
        assert_eq!(
            said("\u{1b}zzz").await,
            "no customer \\u{1b}zzz among the 5 in CustomerCard; give a value of its column CustomerId"
        );
    }

    async fn published() -> Session {
        let folder = tempfile::tempdir().unwrap();
        let (levels, sources) = (Level::ALL.to_vec(), Source::ALL.to_vec());
        let enrichment = testing::enrichment(folder.path());
        Session::over(testing::published().await, enrichment, levels, sources).await.unwrap()
    }

    #[test]
    fn lines_fit_and_nothing_fails_however_narrow() {
        for width in 0..120 {
            let card = customer().draw(width);
            assert!(card.contains("16"), "{card}");
            assert!(width < 40 || card.lines().all(|l| columns(l) <= width), "{width}: {card}");
        }
    }
}
