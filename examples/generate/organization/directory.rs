//! The directory and the groups, as the rows of an export.

use super::{Organization, Party};

/// One address of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The address, as the directory spells it.
    pub email: String,
    /// The id of the person with this address.
    pub entra_id: String,
    /// The colleague's number.
    pub colleague: u32,
}

/// How many mailboxes are listed directly; the others are listed through groups.
pub const LISTED_DIRECTLY: u32 = 3;

impl Organization {
    /// Whether a colleague has a second address.
    pub fn has_alias(&self, colleague: u32) -> bool {
        self.is_listed_by_alias(colleague) || colleague % 12 == 7
    }

    /// Whether the second address is the listed one; in the directory, both addresses are the same mailbox.
    pub fn is_listed_by_alias(&self, colleague: u32) -> bool {
        colleague % 12 == 2
    }

    /// The listed address of a listed colleague.
    pub fn listed_address(&self, colleague: u32) -> String {
        let party = if self.is_listed_by_alias(colleague) {
            Party::Alias(colleague)
        } else {
            Party::Colleague(colleague)
        };
        self.address(party)
    }

    /// The directory: every colleague, listed or not, aliases in rows of their own.
    pub fn users(&self) -> impl Iterator<Item = User> + '_ {
        (0..self.colleagues()).flat_map(move |colleague| {
            let alias = self.has_alias(colleague).then_some(Party::Alias(colleague));
            [Some(Party::Colleague(colleague)), alias].into_iter().flatten().map(move |party| {
                let email = self.address(party);
                // Directories do not spell case consistently.
                let email = if colleague % 16 == 9 { email.to_uppercase() } else { email };
                User { email, entra_id: self.entra_id(colleague), colleague }
            })
        })
    }

    /// The members of the groups, as (group, member).
    pub fn group_members(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let mailboxes = self.plan.sizes.mailboxes as u32;
        let middle = LISTED_DIRECTLY + (mailboxes - LISTED_DIRECTLY) / 2;
        let group = |number| self.address(Party::Group(number));
        let listed = (LISTED_DIRECTLY..mailboxes)
            .map(move |colleague| (group(u8::from(colleague >= middle)), self.listed_address(colleague)));
        let staff = (0..LISTED_DIRECTLY)
            .chain(mailboxes..self.colleagues())
            .map(move |colleague| (group(2), self.address(Party::Colleague(colleague))));
        let nested = [(group(0), group(1)), (group(2), group(0))];
        // A member that is not an address is skipped when the group is resolved.
        let careless = [(group(1).to_uppercase(), "former colleague".to_owned())];
        nested.into_iter().chain(listed).chain(staff).chain(careless)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::plan::{Plan, Sizes};

    #[test]
    fn groups_and_direct_addresses_list_every_mailbox_once() {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1));
        let (sales, key) = (org.address(Party::Group(0)), org.address(Party::Group(1)));
        let members: Vec<_> = org.group_members().collect();
        assert!(members.contains(&(sales.clone(), key.clone())));
        let mut listed: Vec<String> = members
            .iter()
            .filter(|(group, member)| (*group == sales || *group == key) && *member != key)
            .map(|(_, member)| member.clone())
            .chain((0..LISTED_DIRECTLY).map(|colleague| org.listed_address(colleague)))
            .collect();
        listed.sort();
        let mut expected: Vec<String> = (0..12).map(|colleague| org.listed_address(colleague)).collect();
        expected.sort();
        assert_eq!(listed, expected);
    }

    #[test]
    fn one_alias_is_listed_and_one_is_only_in_the_directory() {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1));
        let emails: HashSet<String> = org.users().map(|user| user.email.to_lowercase()).collect();
        let aliases = |listed: bool| {
            (0..12).filter(|c| org.has_alias(*c) && org.is_listed_by_alias(*c) == listed).count()
        };
        assert_eq!((aliases(true), aliases(false)), (1, 1));
        assert!((0..org.colleagues()).all(|c| emails.contains(&org.address(Party::Colleague(c)))));
        assert!(emails.contains(&org.listed_address(2)) && emails.contains(&org.address(Party::Alias(7))));
    }
}
