//! The senders, recipients and participants of mail and meetings, and their addresses.

use super::Organization;
use super::names;
use crate::random::bytes;

/// The domain of the organization.
pub(super) const DOMAIN: &str = "northwind.example";
/// A second domain of the organization, for aliases.
const ALIAS_DOMAIN: &str = "northwind-traders.example";
/// Distribution groups: a listed one, one nested in it, and one that is not listed.
const GROUPS: [&str; 3] = ["uk-sales", "key-accounts", "all-staff"];

/// How many outsiders share a domain.
pub(super) const OUTSIDERS_OF_A_COMPANY: u32 = 3;

/// A sender, recipient or participant. Colleagues with numbers below the number of mailboxes are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A colleague, by the first address.
    Colleague(u32),
    /// A colleague, by the second address; see [`Organization::has_alias`].
    Alias(u32),
    /// A distribution group: listed, nested in it, or not listed.
    Group(u8),
    /// A meeting room, which is not a person.
    Room(u8),
    /// A contact of an account.
    Contact {
        /// The account's number.
        account: u32,
        /// The contact's number within the account.
        number: u16,
    },
    /// A contact, by the second address; see [`Organization::has_second_address`].
    SecondAddress {
        /// The account's number.
        account: u32,
        /// The contact's number within the account.
        number: u16,
    },
    /// A person who is neither internal nor a contact.
    Outsider(u32),
}

impl Party {
    /// The number of the colleague, if it is one.
    pub fn colleague(self) -> Option<u32> {
        match self {
            Self::Colleague(number) | Self::Alias(number) => Some(number),
            _ => None,
        }
    }
}

impl Organization {
    /// The email address in its correct spelling.
    pub fn address(&self, party: Party) -> String {
        match party {
            Party::Colleague(number) => colleague_address(number, DOMAIN),
            Party::Alias(number) => colleague_address(number, ALIAS_DOMAIN),
            Party::Group(number) => format!("{}@{DOMAIN}", GROUPS[usize::from(number) % GROUPS.len()]),
            Party::Room(number) => format!("room-{}@{DOMAIN}", number + 1),
            Party::Contact { account, number } => {
                format!("{}@{}", self.contact_local_part(account, number), self.domain_of_account(account))
            }
            Party::SecondAddress { account, number } => {
                format!("{}.{account}@post.example", self.contact_local_part(account, number))
            }
            Party::Outsider(number) => {
                let local = match number % 4 {
                    0 => "news".to_owned(),
                    1 => "billing".to_owned(),
                    _ => {
                        let company = number / OUTSIDERS_OF_A_COMPANY;
                        let person = u64::from(number % OUTSIDERS_OF_A_COMPANY);
                        local_part(names::contact(self.plan.hash(&[90, u64::from(company)]), person))
                    }
                };
                format!("{local}@{}", self.domain_of_outsider(number))
            }
        }
    }

    /// The domain of the contacts of an account.
    pub(super) fn domain_of_account(&self, account: u32) -> String {
        format!("{}.example", names::company_word(u64::from(account)).to_lowercase())
    }

    /// The domain of an outsider and of the colleagues with the next numbers. They may work for a subsidiary of the
    /// account with the number of the first. The domain of an account does not contain a hyphen.
    pub(super) fn domain_of_outsider(&self, number: u32) -> String {
        let first = number - number % OUTSIDERS_OF_A_COMPANY;
        let word = names::company_word(u64::from(first)).to_lowercase();
        format!("{word}-{}.example", if first.is_multiple_of(2) { "post" } else { "supply" })
    }

    /// The display name.
    pub fn display_name(&self, party: Party) -> String {
        let (first, last) = match party {
            Party::Colleague(number) | Party::Alias(number) => names::colleague(u64::from(number)),
            Party::Contact { account, number } | Party::SecondAddress { account, number } => {
                self.contact_name(account, number)
            }
            Party::Group(number) => return GROUPS[usize::from(number) % GROUPS.len()].to_owned(),
            Party::Room(number) => return format!("Room {}", number + 1),
            Party::Outsider(number) => return names::company_name(u64::from(number)),
        };
        format!("{first} {last}")
    }

    /// The name of a contact.
    pub fn contact_name(&self, account: u32, number: u16) -> (&'static str, &'static str) {
        names::contact(self.plan.hash(&[91, u64::from(account)]), u64::from(number))
    }

    fn contact_local_part(&self, account: u32, number: u16) -> String {
        let round = number / 64;
        let suffix = if round > 0 { round.to_string() } else { String::new() };
        format!("{}{suffix}", local_part(self.contact_name(account, number)))
    }

    /// The directory's id of a colleague.
    pub fn entra_id(&self, colleague: u32) -> String {
        guid(self.plan.hash(&[92, u64::from(colleague)]))
    }
}

/// `first.last@domain`.
fn colleague_address(number: u32, domain: &str) -> String {
    let (first, last) = names::colleague(u64::from(number));
    format!("{}.{}@{domain}", first.to_lowercase(), last.to_lowercase())
}

/// `f.last`.
fn local_part((first, last): (&str, &str)) -> String {
    format!("{}.{}", first[..1].to_lowercase(), last.to_lowercase())
}

/// A random UUID, determined by `key`.
pub fn guid(key: u64) -> String {
    let mut raw = bytes::<16>(key);
    raw[6] = raw[6] & 0x0F | 0x40;
    raw[8] = raw[8] & 0x3F | 0x80;
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::plan::{Plan, Sizes};

    #[test]
    fn an_address_belongs_to_one_party() {
        let sizes = Sizes::scaled(2_000_000);
        let org = Organization::new(Plan::new(sizes, "2026-10-31".parse().unwrap(), 1));
        let mut parties = Vec::new();
        for number in 0..org.colleagues() {
            parties.extend([Party::Colleague(number), Party::Alias(number)]);
        }
        for account in 0..sizes.accounts as u32 {
            for number in 0..org.contacts_of(account) {
                parties
                    .extend([Party::Contact { account, number }, Party::SecondAddress { account, number }]);
            }
        }
        parties.extend((0..3).map(Party::Group));
        parties.extend((0..3).map(Party::Room));
        parties.extend((0..org.outsiders()).map(Party::Outsider));
        let addresses: HashSet<String> = parties.iter().map(|party| org.address(*party)).collect();
        assert_eq!(addresses.len(), parties.len());
        assert!(
            addresses
                .iter()
                .all(|address| address.ends_with(".example") && *address == address.to_lowercase())
        );
    }

    #[test]
    fn a_guid_looks_like_one() {
        let text = guid(7);
        assert_eq!(text.len(), 36);
        assert_eq!((&text[14..15], text.matches('-').count()), ("4", 4));
        assert!("89ab".contains(&text[19..20]));
    }
}
