//! The list of the sections and keys that an enrichment file may have.

use super::dispositions::NOT_USED;
use super::measure::Measure;

/// The keys and sections that one section may have.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The full name, such as `score.weights`; empty for the top of the file.
    pub(crate) name: &'static str,
    /// The keys that have values.
    pub(crate) keys: &'static [&'static str],
    /// The sections directly within this one.
    pub(crate) sections: &'static [Schema],
}

/// The whole file.
pub(crate) static FILE: Schema = Schema {
    name: "",
    keys: &[
        "name",
        "as_of",
        "time_zone",
        "window_days",
        "reply_window_days",
        "levels",
        "fiscal_year_start",
        "region",
    ],
    sections: &[
        Schema::leaf("consent", &["granted_by", "granted_on"]),
        Schema::leaf("mailboxes", &["addresses", "file", "limit"]),
        Schema::leaf("users", &["path", "format", "email", "entra_id"]),
        Schema::leaf("groups", &["path", "format", "group_email", "member_email"]),
        Schema::leaf("contacts", &["path", "format", "email", "account_id", "contact_id"]),
        Schema::leaf(
            "accounts",
            &["path", "format", "account_id", "name", "domain", "public_mail_domains", "attributes"],
        ),
        Schema::leaf(
            "mail",
            &[
                "path",
                "format",
                "message_id",
                "conversation_id",
                "sent_at",
                "sender",
                "to",
                "cc",
                "bcc",
                "mailbox",
                "is_draft",
                "is_automatic",
            ],
        ),
        Schema::leaf(
            "meetings",
            &[
                "path",
                "format",
                "meeting_id",
                "organizer",
                "attendees",
                "declined",
                "mailbox",
                "start_at",
                "end_at",
                "is_cancelled",
                "is_all_day",
                "is_series_master",
            ],
        ),
        Schema::leaf("output", &["path", "table", "format", "history", "score_explained"]),
        Schema::leaf("privacy", &["min_people"]),
        Schema {
            name: "storage",
            keys: &["timeout_seconds", "retries", "retry_seconds", "allow_http"],
            sections: &[
                Schema::leaf(
                    "storage.azure",
                    &["account", "endpoint", "tenant_id", "client_id", "use_azure_cli", "anonymous"],
                ),
                Schema::leaf("storage.s3", &["region", "endpoint", "virtual_hosted", "anonymous"]),
                Schema::leaf("storage.gs", &["endpoint", "anonymous"]),
            ],
        },
        Schema {
            name: "expect",
            keys: &[
                "max_age_days",
                "min_days_covered",
                "min_mailboxes_active",
                "min_accounts_engaged",
                "min_contacts_used",
                "max_drop",
                "on_failure",
            ],
            sections: &[Schema::leaf("expect.max_rows_not_used", &NOT_USED)],
        },
        Schema { name: "score", keys: &[], sections: &[Schema::leaf("score.weights", &MEASURES)] },
    ],
};

/// The sections of inputs.
const INPUTS: [&str; 6] = ["users", "groups", "contacts", "accounts", "mail", "meetings"];

const MEASURES: [&str; Measure::ALL.len()] = {
    let mut names = [""; Measure::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = Measure::ALL[i].name;
        i += 1;
    }
    names
};

/// The keys of the section of an input that name columns of its files.
#[cfg(test)]
pub(crate) fn columns_of(section: &str) -> Vec<&'static str> {
    FILE.sections.iter().filter(|one| one.name == section).flat_map(Schema::columns).collect()
}

impl Schema {
    const fn leaf(name: &'static str, keys: &'static [&'static str]) -> Self {
        Self { name, keys, sections: &[] }
    }

    /// The last part of the name: `weights` for `[score.weights]`.
    pub(crate) fn key(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The keys of the section of an input that name columns of its files; none for any other section.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static str> + use<> {
        const OTHERS: [&str; 4] = ["path", "format", "public_mail_domains", "attributes"];
        let keys = if INPUTS.contains(&self.name) { self.keys } else { &[] };
        keys.iter().copied().filter(|key| !OTHERS.contains(key))
    }

    /// All sections within this one, at any depth.
    pub(crate) fn inner(&'static self) -> Vec<&'static Schema> {
        self.sections.iter().flat_map(|section| [vec![section], section.inner()].concat()).collect()
    }
}
