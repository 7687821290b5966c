//! The customers of the profile, and how one of them is found.

use std::collections::BTreeSet;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::prelude::{cast, ident};

use super::published::{collect, table};
use crate::cli::session::Session;
use crate::cli::text::visible;
use crate::error::numbers::{count, grouped};
use crate::error::suggest::all_nearest;
use crate::error::{Error, Result};

/// Maximum number of customers that are suggested.
const SUGGESTED: usize = 3;

/// Maximum number of customers that are listed if several are meant.
const LISTED: usize = 20;

/// The identifier and the name of each customer.
pub(super) struct Customers(Vec<(String, Option<String>)>);

impl Customers {
    pub(super) async fn read(session: &Session) -> Result<Self> {
        let columns = ["CustomerId", "Name"].map(|name| cast(ident(name), DataType::Utf8));
        let ids = table(session, "CustomerCard").await?.sort(vec![ident("CustomerId").sort(true, false)])?;
        let ids = ids.select(columns)?;
        let ids = collect(session, ids).await?;
        let (id, name) = (ids.column(0).as_string::<i32>(), ids.column(1).as_string::<i32>());
        let named = |i| name.is_valid(i).then(|| name.value(i).to_owned());
        Ok(Self((0..ids.num_rows()).map(|i| (id.value(i).to_owned(), named(i))).collect()))
    }

    /// The identifier of the customer that is meant: the one with this identifier, else with this name, else with a name
    /// that contains this text. Names count in any case.
    ///
    /// # Errors
    /// There is none, or there are several: the error lists them.
    pub(super) fn find(&self, wanted: &str) -> Result<&str> {
        if let Some((id, _)) = self.0.iter().find(|(id, _)| id == wanted) {
            return Ok(id);
        }
        let word = wanted.trim().to_lowercase();
        let named = |is_meant: &dyn Fn(&str) -> bool| -> Vec<&(String, Option<String>)> {
            let name = |name: &String| is_meant(&name.to_lowercase());
            self.0
                .iter()
                .filter(|(_, customer)| !word.is_empty() && customer.as_ref().is_some_and(name))
                .collect()
        };
        let mut found = named(&|name| name.trim() == word);
        if found.is_empty() {
            found = named(&|name| name.contains(&word));
        }
        match found.as_slice() {
            [] => Err(self.unknown(wanted)),
            [(id, _)] => Ok(id),
            several => Err(ambiguous(wanted, several)),
        }
    }

    /// The error for an unknown customer. It suggests the customers with the nearest identifiers or names.
    fn unknown(&self, wanted: &str) -> Error {
        // The user may have typed an identifier or a name.
        let spellings = self.0.iter().flat_map(|(id, name)| {
            [Some(id), name.as_ref()].into_iter().flatten().map(move |text| (text.as_str(), id.as_str()))
        });
        let near: BTreeSet<&str> = all_nearest(wanted, spellings).into_iter().collect();
        let near: Vec<String> = near.into_iter().take(SUGGESTED).map(visible).collect();
        let wanted = visible(wanted);
        Error::query(if near.is_empty() {
            format!(
                "no customer {wanted} among the {} in CustomerCard; give a value of its column CustomerId, or a part of a \
                 name",
                grouped(self.0.len())
            )
        } else {
            format!("no customer {wanted}; did you mean {}?", near.join(" or "))
        })
    }
}

/// The error for a name that several customers have.
fn ambiguous(wanted: &str, customers: &[&(String, Option<String>)]) -> Error {
    let shown = |(id, name): &&(String, Option<String>)| {
        format!("{} ({})", visible(id), visible(name.as_deref().unwrap_or_default()))
    };
    let mut listed: Vec<String> = customers.iter().take(LISTED).map(shown).collect();
    listed.extend((customers.len() > LISTED).then(|| format!("{} more", grouped(customers.len() - LISTED))));
    Error::query(format!(
        "{} have {} in their names: {}; give the id of one",
        count(customers.len(), "customer"),
        visible(wanted),
        listed.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::published;
    use super::*;

    #[tokio::test]
    async fn a_customer_is_found_by_id_by_name_and_by_a_part_of_its_name() {
        let customers = Customers::read(&published().await).await.unwrap();
        for (wanted, id) in
            [("a1", "a1"), ("ACME LTD", "a1"), ("glob", "a2"), (" Initech ", "a4"), ("OOL", "a5")]
        {
            assert_eq!(customers.find(wanted).unwrap(), id, "{wanted}");
        }
        // An id is exact, and comes before names; a name comes before parts of names.
        let customers = |list: &[(&str, &str)]| {
            Customers(list.iter().map(|(id, name)| ((*id).to_owned(), Some((*name).to_owned()))).collect())
        };
        let some = customers(&[("x", "Ox Ltd"), ("Ox Ltd", "y"), ("c", "Y Ltd")]);
        assert_eq!(
            ["x", "Ox Ltd", "ox ltd", "Y"].map(|wanted| some.find(wanted).unwrap()),
            ["x", "Ox Ltd", "x", "Ox Ltd"]
        );
    }

    #[tokio::test]
    async fn several_are_listed_and_none_has_near_ones() {
        let customers = Customers::read(&published().await).await.unwrap();
        let said = |wanted: &str| customers.find(wanted).unwrap_err().to_string();
        assert_eq!(
            said("o"),
            "2 customers have o in their names: a2 (Globex), a5 (Hooli); give the id of one"
        );
        assert_eq!(said("A1"), "no customer A1; did you mean a1?");
        assert_eq!(
            said("a1' or 'a' = 'a"),
            "no customer a1' or 'a' = 'a among the 5 in CustomerCard; give a value of its column CustomerId, or a part of a name"
        );
        assert_eq!(said("Globx"), "no customer Globx; did you mean a2?");
        for none in ["", " ", "\u{1b}zzz"] {
            let says = format!(
                "no customer {} among the 5 in CustomerCard; give a value of its column CustomerId, or a part of a name",
                visible(none)
            );
            assert_eq!(said(none), says);
        }
        let many = Customers((0..22).map(|i| (format!("a{i}"), Some("Acme\u{1b}".to_owned()))).collect());
        let error = many.find("acme").unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("22 customers have acme in their names: a0 (Acme\\u{1b}), a1 "), "{text}");
        assert!(
            text.ends_with(", a19 (Acme\\u{1b}), 2 more; give the id of one") && error.exit_code() == 2,
            "{text}"
        );
    }
}
