//! Spellings of addresses in exports.

use crate::organization::{Organization, Party};
use crate::random::{Random, bytes};

/// An address as one row contains it. One in 25 has another spelling; some of these cannot be normalized:
/// blank, missing, or the X.500 name of a mailbox.
pub fn spelled(org: &Organization, party: Party, random: &mut Random) -> Option<String> {
    let address = org.address(party);
    let name = || org.display_name(party);
    Some(match random.below(1_000) {
        0..16 => format!("{} <{address}>", name()),
        16..20 => format!("\"{}\" <{}>", name(), address.to_uppercase()),
        20..24 => format!("SMTP:{address}"),
        24..28 => address.to_uppercase(),
        28..30 => format!("mailto:{address}"),
        30..32 => format!("  {address}\t"),
        32..34 => format!("'{address}'"),
        34..38 if party.colleague().is_some() => x500_name(org, party),
        38 => " ".to_owned(),
        39 => return None,
        _ => address,
    })
}

/// The name of a mailbox that Exchange writes if it does not have an address.
fn x500_name(org: &Organization, party: Party) -> String {
    let number: String = bytes::<8>(u64::from(party.colleague().unwrap_or_default()))
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let name = org.display_name(party).replace(' ', "").to_uppercase();
    format!("/O=NORTHWIND/OU=EXCHANGE ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN={number}-{name}")
}
