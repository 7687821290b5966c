//! The small tables: accounts, contacts, directory, groups.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field};

use super::Result;
use super::parquet::{BATCH_ROWS, Table, text};
use crate::organization::Organization;

/// The profile, with the column names of a CRM.
pub fn accounts(org: &Organization, path: &Path) -> Result<u64> {
    let texts = ["accountid", "name", "websiteurl", "industry"].map(text);
    let employees = Field::new("employees", DataType::Int64, true);
    let mut table = Table::create(path, texts.into_iter().chain([employees]).collect())?;
    let accounts: Vec<u32> = (0..org.plan.sizes.accounts as u32).collect();
    for accounts in accounts.chunks(BATCH_ROWS) {
        let of = |f: &dyn Fn(u32) -> Option<String>| -> ArrayRef {
            Arc::new(accounts.iter().map(|account| f(*account)).collect::<StringArray>())
        };
        table.write(vec![
            of(&|account| Some(org.account_id(account))),
            of(&|account| Some(org.account_name(account))),
            of(&|account| org.web_site(account)),
            of(&|account| org.attributes(account).0.map(str::to_owned)),
            Arc::new(accounts.iter().map(|account| org.attributes(*account).1).collect::<Int64Array>()),
        ])?;
    }
    table.close()
}

/// The contacts, with the column names of a CRM.
pub fn contacts(org: &Organization, path: &Path) -> Result<u64> {
    let names = ["contactid", "fullname", "emailaddress1", "emailaddress2", "parentcustomerid"];
    let rows = org
        .contact_rows()
        .map(|row| [row.contact_id, Some(row.full_name), row.email, row.second_email, row.account_id]);
    write(path, names, rows)
}

/// The directory.
pub fn users(org: &Organization, path: &Path) -> Result<u64> {
    let rows = org.users().map(|user| [Some(user.email), Some(user.entra_id)]);
    write(path, ["email", "entra_id"], rows)
}

/// The members of groups.
pub fn groups(org: &Organization, path: &Path) -> Result<u64> {
    let rows = org.group_members().map(|(group, member)| [Some(group), Some(member)]);
    write(path, ["group_email", "member_email"], rows)
}

fn write<const N: usize>(
    path: &Path,
    names: [&str; N],
    rows: impl Iterator<Item = [Option<String>; N]>,
) -> Result<u64> {
    let mut table = Table::create(path, names.into_iter().map(text).collect())?;
    let mut columns: [StringBuilder; N] = std::array::from_fn(|_| StringBuilder::new());
    let take = |columns: &mut [StringBuilder; N]| {
        columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect()
    };
    for (number, row) in rows.enumerate() {
        if number > 0 && number % BATCH_ROWS == 0 {
            table.write(take(&mut columns))?;
        }
        for (column, value) in columns.iter_mut().zip(row) {
            column.append_option(value);
        }
    }
    table.write(take(&mut columns))?;
    table.close()
}
