//! The content of a card.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::{DataFrame, cast, ident, lit};

use super::explained::{self, Explanation};
use super::published::{collect, table};
use crate::cli::session::Session;
use crate::cli::text::visible;
use crate::error::{Error, Result};

/// A month such as `2026-11`, emails and meetings; `None` if the window does not cover the month.
pub(super) type Month = (String, Option<(i64, i64)>);

/// A customer, as published.
pub(super) struct Customer {
    pub id: String,
    pub name: Option<String>,
    /// `None` if the score is suppressed.
    pub score: Option<f64>,
    /// Messages to the account plus messages from it; `None` if the number is suppressed.
    pub emails: Option<i64>,
    /// Meetings to the account plus meetings from it; `None` if the number is suppressed.
    pub meetings: Option<i64>,
    /// The months, oldest first; `None` if their numbers are suppressed.
    pub months: Option<Vec<Month>>,
    /// The attributes of the account that are not null, with their names.
    pub attributes: Vec<(String, String)>,
    /// Why the score is what it is.
    pub explanation: Explanation,
}

impl Customer {
    /// The customer with this identifier.
    ///
    /// # Errors
    /// There is no such customer, or a table cannot be read.
    pub(super) async fn read(session: &Session, id: &str) -> Result<Customer> {
        let of_customer = |frame: DataFrame| frame.filter(ident("CustomerId").eq(lit(id)));
        let card = of_customer(table(session, "CustomerCard").await?)?.select(vec![
            cast(ident("Name"), DataType::Utf8),
            cast(ident("EngagementScore"), DataType::Float64),
            cast(ident("Emails"), DataType::Int64),
            cast(ident("Meetings"), DataType::Int64),
        ])?;
        let card = collect(session, card).await?;
        if card.num_rows() == 0 {
            return Err(Error::query(format!("no customer {}", visible(id))));
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
            (month.unwrap_or_default(), int(&history, 1, i).zip(int(&history, 2, i)))
        });
        let months: Vec<Month> = months.collect();
        // The window covers the last month at least, so that all are without numbers only if they are suppressed.
        let is_suppressed = !months.is_empty() && months.iter().all(|(_, numbers)| numbers.is_none());
        let name = card.column(0).as_string::<i32>();
        Ok(Customer {
            id: id.to_owned(),
            name: name.is_valid(0).then(|| name.value(0).to_owned()),
            score: card.column(1).as_primitive::<Float64Type>().iter().next().flatten(),
            emails: int(&card, 2, 0),
            meetings: int(&card, 3, 0),
            months: (!is_suppressed).then_some(months),
            attributes: attributes(session, id).await?,
            explanation: explained::read(session, id).await?,
        })
    }

    /// The name and the identifier, or the identifier alone.
    pub(super) fn title(&self) -> String {
        let id = visible(&self.id);
        self.name.as_ref().map_or(id.clone(), |name| format!("{} ({id})", visible(name)))
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

fn int(batch: &RecordBatch, column: usize, row: usize) -> Option<i64> {
    batch.column(column).as_primitive::<Int64Type>().iter().nth(row).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::published::source;
    use super::super::testing::{SOURCE, published};
    use super::*;

    #[tokio::test]
    async fn the_customer_is_read_as_published() {
        let session = published().await;
        let customer = Customer::read(&session, "a1").await.unwrap();
        assert_eq!(customer.name.as_deref(), Some("Acme Ltd"));
        assert_eq!((customer.score, customer.emails, customer.meetings), (Some(95.0), Some(70), Some(4)));
        let months = vec![("2026-10".to_owned(), Some((7, 1))), ("2026-11".to_owned(), Some((12, 0)))];
        assert_eq!(customer.months, Some(months));
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(customer.attributes, [attribute("Industry", "Tools"), attribute("Seats", "12")]);
        assert_eq!(source(&session).await.unwrap(), SOURCE);
        let nameless = Customer::read(&session, "a3").await.unwrap();
        assert_eq!((nameless.title(), nameless.months), ("a3".to_owned(), Some(vec![])));
        for unknown in ["A1", "a1' or 'a' = 'a"] {
            assert!(Customer::read(&session, unknown).await.is_err(), "{unknown}");
        }
    }
}
