//! The customers, as rows of a CRM export: the contacts, with the typical errors of such lists.

use super::party::guid;
use super::{Organization, Party};

/// The industries of accounts.
const INDUSTRIES: [&str; 6] = ["Energy", "Health", "Logistics", "Manufacturing", "Retail", "Software"];

/// One row of the contact list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// The contact's id; sometimes missing.
    pub contact_id: Option<String>,
    /// First and last name.
    pub full_name: String,
    /// The main address.
    pub email: Option<String>,
    /// Another address.
    pub second_email: Option<String>,
    /// The account; sometimes missing.
    pub account_id: Option<String>,
}

impl Organization {
    /// The contact list: the contacts of all accounts, then the faulty rows.
    pub fn contact_rows(&self) -> impl Iterator<Item = ContactRow> + '_ {
        let regular = (0..self.plan.sizes.accounts as u32).flat_map(move |account| {
            let known = (0..self.contacts_of(account)).filter(move |number| self.is_in_crm(account, *number));
            known.map(move |number| self.contact_row(account, number))
        });
        let faults = (self.plan.sizes.contacts / 2_000).max(1) as u32;
        regular.chain((0..faults).flat_map(|number| self.faulty_rows(number)))
    }

    /// Whether the CRM knows a person of an account.
    fn is_in_crm(&self, account: u32, number: u16) -> bool {
        self.plan.hash(&[62, u64::from(account), u64::from(number)]) % 100 < self.plan.sizes.in_crm
    }

    /// What the CRM knows about the web sites of an account: about half of the accounts have one.
    pub fn web_site(&self, account: u32) -> Option<String> {
        let key = self.plan.hash(&[63, u64::from(account)]);
        let own = self.domain_of_account(account);
        match self.rank_of[account as usize] {
            10 => return Some("n/a".to_owned()),
            11 => return Some("https://www.outlook.com".to_owned()),
            12 => return Some(format!("{own}, {}", super::party::DOMAIN)),
            13 => return Some(format!("https://www.{own} {own}")),
            _ if key % 2 == 1 => return None,
            _ => {}
        }
        let site = match key >> 8 & 3 {
            0 => format!("https://www.{own}/"),
            1 => format!("HTTP://{}", own.to_uppercase()),
            2 => format!("info@{own}"),
            _ => own,
        };
        // A subsidiary, whose people the CRM does not know.
        let subsidiary = self.domain_of_outsider(account);
        let has_subsidiary =
            account.is_multiple_of(super::party::OUTSIDERS_OF_A_COMPANY) && key >> 16 & 1 == 0;
        Some(if has_subsidiary { format!("{site}; {subsidiary}") } else { site })
    }

    /// The industry of an account, and how many people work there; sometimes unknown.
    pub fn attributes(&self, account: u32) -> (Option<&'static str>, Option<i64>) {
        let key = self.plan.hash(&[64, u64::from(account)]);
        let industry = INDUSTRIES[(key % INDUSTRIES.len() as u64) as usize];
        (
            (key >> 8 & 15 != 0).then_some(industry),
            (key >> 12 & 7 != 0).then_some(10 + (key >> 16) as i64 % 5_000),
        )
    }

    fn contact_row(&self, account: u32, number: u16) -> ContactRow {
        let contact = Party::Contact { account, number };
        let second = Party::SecondAddress { account, number };
        let key = self.plan.hash(&[60, u64::from(account), u64::from(number)]);
        let email = match key % 40 {
            0 => self.address(contact).to_uppercase(),
            1 => format!("{} <{}>", self.display_name(contact), self.address(contact)),
            2 => format!(" {} ", self.address(contact)),
            _ => self.address(contact),
        };
        ContactRow {
            contact_id: (key % 50 != 7).then(|| guid(key)),
            full_name: self.display_name(contact),
            email: Some(email),
            second_email: self.has_second_address(account, number).then(|| self.address(second)),
            account_id: Some(self.account_id(account)),
        }
    }

    /// One row for each kind of error. The accounts have the habit `Regular`.
    fn faulty_rows(&self, number: u32) -> Vec<ContactRow> {
        let blocks = self.by_rank.len() / 20;
        let account = |rank: usize| self.by_rank[number as usize % blocks * 20 + rank];
        let (one, other) = (account(2), account(9));
        let row = |fault: u64, email: Option<String>, account_id: Option<String>| ContactRow {
            contact_id: Some(guid(self.plan.hash(&[61, fault, u64::from(number)]))),
            full_name: format!("Imported {}", number + 1),
            email,
            second_email: None,
            account_id,
        };
        let shared = self.address(Party::Contact { account: one, number: 0 });
        let unknown = format!("A-{}", 1 + number);
        vec![
            // A consultant who works for two accounts, and a contact that occurs twice.
            row(0, Some(shared.clone()), Some(self.account_id(other))),
            row(1, Some(shared), Some(self.account_id(one))),
            row(2, Some("n/a".to_owned()), Some(self.account_id(one))),
            row(3, None, Some(self.account_id(other))),
            row(4, Some(format!("info@former-{number}.example")), Some(unknown)),
            row(5, Some(format!("hello@nobody-{number}.example")), None),
            row(6, Some(format!("sales@nobody-{number}.example")), Some("  ".to_owned())),
            row(
                7,
                Some(self.listed_address(number % self.plan.sizes.mailboxes as u32)),
                Some(self.account_id(one)),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organization::Habit;
    use crate::plan::{Plan, Sizes};

    #[test]
    fn the_bundled_list_has_each_fault() {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1));
        let rows: Vec<ContactRow> = org.contact_rows().collect();
        assert!((170..210).contains(&rows.len()), "{}", rows.len());
        assert!(rows.iter().any(|row| row.account_id.is_none()));
        assert!(rows.iter().any(|row| row.email.is_none()));
        assert!(rows.iter().any(|row| row.second_email.is_some()));
        assert!(rows.iter().any(|row| row.account_id.as_deref() == Some("A-1")));
        assert!(rows.iter().any(|row| row.email.as_ref().is_some_and(|email| email.contains("northwind"))));
    }

    #[test]
    fn faults_fall_on_regular_accounts() {
        let sizes = Sizes::scaled(200_000);
        let org = Organization::new(Plan::new(sizes, "2026-10-31".parse().unwrap(), 1));
        for number in 0..100 {
            for row in org.faulty_rows(number).iter().filter(|row| row.second_email.is_none()) {
                let of = |account: &u32| Some(org.account_id(*account)) == row.account_id;
                if let Some(account) = (0..sizes.accounts as u32).find(of) {
                    assert_eq!(org.habit(account), Habit::Regular);
                }
            }
        }
    }
}
