//! The enrichment file that reads the generated files, and a user-defined segment.

use crate::organization::directory::LISTED_DIRECTLY;
use crate::organization::{Organization, Party};

/// Days between the tenant administrator's agreement and the as-of date.
const CONSENT_DAYS: i64 = 47;

/// How accounts know people by domain, and what is published of them.
const DOMAINS: &str = "\
domain = \"websiteurl\"           # people with addresses there count, too
attributes = [\"industry\", \"employees\"]
";

/// A user-defined segment, in addition to the shipped ones.
const SLOW_TO_ANSWER: &str = "\
-- Accounts that take more than a day, on average, to answer our mail.
select CustomerId
from Office
where AggregationLevel = 'year'
  and AverageDuration_Of_AccountEmailReplies > 24 * 60  -- minutes
";

/// Names and contents of the text files.
pub fn texts(org: &Organization) -> [(&'static str, String); 2] {
    [("enrichment.toml", text(org)), ("segments/slow_to_answer.sql", SLOW_TO_ANSWER.to_owned())]
}

/// The enrichment file.
pub fn text(org: &Organization) -> String {
    let as_of = org.plan.as_of;
    let granted_on = as_of.plus(-CONSENT_DAYS);
    let group = org.address(Party::Group(0));
    let direct: Vec<String> = (0..LISTED_DIRECTLY)
        .map(|colleague| {
            let comment = if org.is_listed_by_alias(colleague) {
                "  # an alias: users.parquet knows whose"
            } else {
                ""
            };
            format!("    \"{}\",{comment}\n", org.listed_address(colleague))
        })
        .collect();
    let domains = if org.plan.sizes.has_domains { DOMAINS } else { "" };
    format!(
        r#"# An invented organization and its customers: who wrote to whom, and who met whom.
name = "northwind-demo"
as_of = "{as_of}"            # the last day that counts; without it, yesterday
time_zone = "Europe/London"     # days are days there
window_days = 365               # with [privacy] min_people: twelve whole months, no weeks
reply_window_days = 30          # an answer that took longer is not a reply
levels = ["year", "month", "week"]
region = "united_kingdom"

[consent]                       # the tenant administrator's agreement
granted_by = "admin@northwind.example"
granted_on = "{granted_on}"

[mailboxes]                     # whose mail and meetings count
addresses = [
    "{group}",  # a group, and in it another
{}]

[users]                         # the directory: which addresses are one person's
path = "users.parquet"

[groups]
path = "groups.parquet"

[contacts]                      # columns as the CRM names them
path = "contacts.parquet"
email = ["emailaddress1", "emailaddress2"]
account_id = "parentcustomerid"
contact_id = "contactid"

[accounts]                      # the profile to enrich
path = "accounts.parquet"
account_id = "accountid"
name = "name"
{domains}
[mail]                          # a folder: all its Parquet files
path = "mail/"

[meetings]
path = "meetings.parquet"

[output]
path = "out/"

# What a run must find so that it publishes; without it, any result is published (docs/operations.md).
# [expect]
# max_age_days = 4              # the last day with used rows, before the as-of date
# min_days_covered = 300
# min_mailboxes_active = "80%"  # a number, or a share of the listed ones
# min_accounts_engaged = "80%"
# min_contacts_used = "90%"
# max_drop = "5%"               # messages, meetings and accounts, against what is published
# max_rows_not_used = {{ missing_time = "1%", unknown_account = "10%" }}
# on_failure = "stop"           # or "warn": publish, and say so
"#,
        direct.concat()
    )
}
