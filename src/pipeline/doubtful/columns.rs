//! The columns whose values are looked at, and the numbers that are counted of each.

use crate::config::{Enrichment, Format};
use crate::functions::address::oddities::ODDITIES;
use crate::inputs::InputSource;
use crate::pipeline::unused_columns::{Copies, Unused};

/// What is odd in an identifier, as SQL: a text that stands for a missing value, or a number as a spreadsheet shows it,
/// `1.23457E+11`, without its last digits, or the character in place of one that could not be decoded.
pub(crate) const ODD_IDS: [&str; 3] = [
    "is_placeholder({id})",
    "({id} like '%E+%' or {id} like '%e+%') and regexp_like({id}, '^[+-]?[0-9]([.,][0-9]+)?[Ee][+][0-9]+$')",
    "{id} like '%\u{fffd}%'",
];

/// A column whose values are looked at.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its name in the files.
    pub(crate) name: String,
    /// Its value, as SQL.
    pub(crate) value: String,
    pub(crate) holds: Holds,
}

/// What a column contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// An identifier, and what rows with the same one are.
    Id(&'static str),
    /// An address, or a list of them.
    Addresses,
}

impl Column {
    fn new(name: impl Into<String>, value: impl Into<String>, holds: Holds) -> Self {
        Self { name: name.into(), value: value.into(), holds }
    }

    /// What is looked at in a row, as SQL: what is odd in an identifier, by its position in [`ODD_IDS`], or the list of
    /// what is odd in addresses.
    fn look(&self) -> String {
        match self.holds {
            Holds::Id(_) => {
                let odd = ODD_IDS.iter().enumerate();
                let odd = odd.map(|(i, odd)| format!("when {} then {i} ", odd.replace("{id}", &self.value)));
                format!("case {}end", odd.collect::<String>())
            }
            Holds::Addresses => format!("address_oddities({})", self.value),
        }
    }

    /// The conditions on `look`, the result of [`look`](Self::look), under which rows are counted.
    pub(crate) fn conditions(&self, look: &str) -> Vec<String> {
        match self.holds {
            Holds::Id(_) => (0..ODD_IDS.len()).map(|i| format!("{look} = {i}")).collect(),
            Holds::Addresses => ODDITIES.iter().map(|word| format!("array_has({look}, '{word}')")).collect(),
        }
    }
}

/// The looks at the columns, as the last columns of a select list in SQL.
pub(crate) fn looks(columns: &[Column]) -> String {
    columns.iter().enumerate().map(|(i, column)| format!(", {} as look{i}", column.look())).collect()
}

/// The numbers of used rows that meet each condition of each column, as the last columns of a select list in SQL over
/// rows with [`looks`] and `is_used`.
pub(crate) fn conditions(columns: &[Column]) -> String {
    let each = columns.iter().enumerate().flat_map(|(i, column)| column.conditions(&format!("look{i}")));
    each.map(|condition| format!(", count(*) filter (where is_used and {condition})")).collect()
}

/// A canonical name, as SQL.
pub(crate) fn in_quotes(canonical: &str) -> String {
    format!("\"{canonical}\"")
}

/// The columns of a section with copies.
pub(crate) fn of_copies(copies: &Copies) -> Vec<Column> {
    let ids = copies.ids.iter().map(|id| Column::new(id.name, in_quotes(id.canonical), Holds::Id(id.same)));
    let addresses = copies.columns.iter().filter_map(|column| match column.unused {
        Unused::Addresses(canonical) => Some((column.name, canonical)),
        Unused::Words | Unused::Codes => None,
    });
    let addresses = std::iter::once(copies.sender).chain(addresses);
    let addresses =
        addresses.map(|(name, canonical)| Column::new(name, in_quotes(canonical), Holds::Addresses));
    ids.chain(addresses).collect()
}

/// The columns of a section without copies. Empty for one with copies.
pub(crate) fn of_others(enrichment: &Enrichment, source: &InputSource) -> Vec<Column> {
    let of_export = source.format == Format::GraphDataConnect;
    let named = |name: &'static str, exported: &'static str| if of_export { exported } else { name };
    let id = |name: &str, value: &str, same| Column::new(name, value, Holds::Id(same));
    let addresses = |name: &str, value: &str| Column::new(name, value, Holds::Addresses);
    let (contacts, accounts) = (enrichment.contacts.as_ref(), enrichment.accounts.as_ref());
    match source.section {
        "users" => vec![
            addresses(named("email", "mail, userPrincipalName or proxyAddresses"), "email"),
            id(named("entra_id", "id"), "entra_id", "their addresses are those of one person"),
        ],
        "groups" => vec![
            addresses(named("group_email", "mail or proxyAddresses of groups"), "group_email"),
            addresses(named("member_email", "userPrincipalName of members"), "make_array(member_email)"),
        ],
        "contacts" => {
            let email = contacts.map(|c| c.email.join(" or ")).unwrap_or_default();
            let account_id = contacts.map_or("account_id", |c| c.account_id.as_str());
            let contact_id = contacts.and_then(|c| c.contact_id.as_deref()).unwrap_or("contact_id");
            vec![
                addresses(&email, "emails"),
                id(account_id, "account_id", "they are contacts of one account"),
                id(contact_id, "contact_id", "within an account they are one person"),
            ]
        }
        "accounts" => {
            let account_id = accounts.map_or("account_id", |a| a.account_id.as_str());
            vec![id(account_id, "account_id", "they are one account")]
        }
        _ => vec![],
    }
}
