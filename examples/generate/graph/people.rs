//! User, GroupDetails and GroupMembers exports.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::file::{self, nested};
use super::row_information;
use crate::canonical::Result;
use crate::canonical::parquet::{flag, text};
use crate::organization::party::guid;
use crate::organization::{Organization, Party};

/// The number of groups.
const GROUPS: u8 = 3;

/// Writes the exports.
pub fn write(org: &Organization, folder: &Path) -> Result<()> {
    file::json_lines(&folder.join("User.json"), &users(org))?;
    file::json_lines(&folder.join("groups/GroupDetails.json"), &group_details(org))?;
    let columns = [
        text("id"),
        text("userPrincipalName"),
        text("ODataType"),
        text("puser"),
        nested("rowinformation", vec![text("errorInformation"), flag("isUserSummaryRow")]),
    ];
    file::parquet(&folder.join("groups/GroupMembers.parquet"), &columns, &group_members(org))
}

/// One row per person; the second address is one of the proxy addresses.
fn users(org: &Organization) -> Vec<Value> {
    let mut people: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for user in org.users() {
        people.entry(user.colleague).or_default().push(user.email);
    }
    let row = |(colleague, emails): (&u32, &Vec<String>)| {
        let proxies = emails
            .iter()
            .enumerate()
            .map(|(i, email)| format!("{}:{email}", if i == 0 { "SMTP" } else { "smtp" }));
        let proxies: Vec<_> = proxies.chain([format!("SPO:SPO_{colleague}@SPO_northwind")]).collect();
        json!({
            "id": org.entra_id(*colleague),
            "displayName": org.display_name(Party::Colleague(*colleague)),
            "mail": emails[0],
            "userPrincipalName": emails[0],
            "proxyAddresses": proxies,
            "rowinformation": row_information(false),
        })
    };
    people.iter().map(row).collect()
}

fn group_details(org: &Organization) -> Vec<Value> {
    let row = |number| {
        let address = org.address(Party::Group(number));
        json!({
            "id": group_id(number),
            "mail": address,
            "mailEnabled": true,
            "groupTypes": [],
            "proxyAddresses": [format!("SMTP:{address}")],
            "pObjectId": group_id(number),
            "rowinformation": row_information(false),
        })
    };
    (0..GROUPS).map(row).collect()
}

/// One row per group and direct member; a nested group has no address.
fn group_members(org: &Organization) -> Vec<Value> {
    let groups: BTreeMap<String, u8> = (0..GROUPS).map(|g| (org.address(Party::Group(g)), g)).collect();
    let ids: BTreeMap<String, String> = org.users().map(|u| (u.email.to_lowercase(), u.entra_id)).collect();
    let row = |(group, member): (String, String)| {
        let of = groups.get(&group.to_lowercase()).map(|group| group_id(*group));
        let nested = groups.get(&member).map(|group| group_id(*group));
        json!({
            "ODataType": if nested.is_some() { "#microsoft.graph.group" } else { "#microsoft.graph.user" },
            "userPrincipalName": nested.is_none().then_some(&member),
            "id": nested.as_ref().or_else(|| ids.get(&member)),
            "puser": of,
            "rowinformation": row_information(false),
        })
    };
    org.group_members().map(row).collect()
}

fn group_id(number: u8) -> String {
    guid(u64::from(number) + 1)
}
