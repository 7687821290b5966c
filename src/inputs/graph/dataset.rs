//! The columns of Microsoft's datasets that are used. There is no other list of them.

/// A dataset, or several with the same columns, that one section of the enrichment file reads.
pub(crate) struct Dataset {
    /// The name of the table that `sql` reads.
    pub(crate) table: &'static str,
    /// Maps the rows of files with the same fields to columns that are the same for all files.
    pub(crate) sql: &'static str,
    /// A second step, if the canonical columns depend on more than one row: the name of the table with
    /// the rows of all files, and the statement that maps it to the canonical columns.
    pub(crate) whole: Option<(&'static str, &'static str)>,
    pub(crate) columns: &'static [Column],
    /// Groups of columns. Every Parquet file must have at least one column of each group, and so must at
    /// least one file of any kind.
    pub(crate) in_each: &'static [&'static [&'static str]],
    /// Groups of columns. At least one file must have at least one column of each group.
    pub(crate) in_some: &'static [&'static [&'static str]],
}

/// A column of a dataset, and the consequence if a file lacks it; `None` if there is none to report.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) absent: Option<&'static str>,
}

const fn plain(name: &'static str) -> Column {
    Column { name, absent: None }
}

const fn unless(name: &'static str, means: &'static str) -> Column {
    Column { name, absent: Some(means) }
}

const SUMMARY_ROWS: &str = "summary and error rows cannot be distinguished from data";

const MAIL: Dataset = Dataset {
    table: "graph_mail",
    sql: include_str!("../../../sql/graph/mail.sql"),
    whole: None,
    columns: &[
        plain("internetMessageId"),
        unless("conversationIndex", "threads are identified by conversationId alone"),
        unless("conversationId", "a copy without conversationIndex is a thread of its own"),
        unless("sentDateTime", "mail is dated by receivedDateTime"),
        plain("receivedDateTime"),
        unless("from", "the sender is the delegate if mail is sent on behalf of another person"),
        plain("sender"),
        plain("toRecipients"),
        unless("ccRecipients", "there are no cc recipients"),
        unless("bccRecipients", "there are no bcc recipients"),
        unless("isDraft", "no message is a draft"),
        unless("ODataType", "invitations and their answers count as mail"),
        unless("internetMessageHeaders", "automatic answers count as mail"),
        unless("puser", "mail sent to a distribution list does not count for its members"),
        unless("rowinformation", SUMMARY_ROWS),
    ],
    in_each: &[
        &["internetMessageId"],
        &["sentDateTime", "receivedDateTime"],
        &["from", "sender"],
        &["toRecipients"],
    ],
    in_some: &[],
};

const MEETINGS: Dataset = Dataset {
    table: "graph_meetings",
    sql: include_str!("../../../sql/graph/meetings.sql"),
    whole: None,
    columns: &[
        plain("iCalUId"),
        plain("organizer"),
        plain("attendees"),
        plain("start"),
        plain("end"),
        unless("isCancelled", "no meeting is cancelled"),
        unless("isAllDay", "no meeting is all-day"),
        unless("type", "no row is a series master"),
        unless("responseStatus", "declined answers are known from the organizer's copy alone"),
        unless("puser", "the mailbox that holds a copy counts only if the copy names its address"),
        unless("rowinformation", SUMMARY_ROWS),
    ],
    in_each: &[&["iCalUId"], &["organizer"], &["attendees"], &["start"], &["end"]],
    in_some: &[],
};

const USERS: Dataset = Dataset {
    table: "graph_users",
    sql: include_str!("../../../sql/graph/users.sql"),
    whole: None,
    columns: &[
        plain("id"),
        plain("mail"),
        plain("userPrincipalName"),
        unless("proxyAddresses", "a person's other addresses are not known"),
        unless("rowinformation", SUMMARY_ROWS),
    ],
    in_each: &[&["id"], &["mail", "userPrincipalName", "proxyAddresses"]],
    in_some: &[],
};

const GROUPS: Dataset = Dataset {
    table: "graph_groups",
    sql: include_str!("../../../sql/graph/group_record.sql"),
    whole: Some(("graph_group_record", include_str!("../../../sql/graph/groups.sql"))),
    columns: &[
        plain("id"),
        plain("mail"),
        plain("proxyAddresses"),
        plain("userPrincipalName"),
        plain("puser"),
        plain("pObjectId"),
        plain("groupTypes"),
        plain("mailEnabled"),
        plain("rowinformation"),
    ],
    in_each: &[&["id"]],
    // GroupMembers exports contain the group of each member, GroupDetails exports the address of the group.
    in_some: &[&["puser"], &["pObjectId", "groupTypes", "mailEnabled"]],
};

impl Dataset {
    /// The dataset that a section of the enrichment file reads; `None` for a section without this format.
    pub(crate) fn of(section: &str) -> Option<&'static Dataset> {
        match section {
            "mail" => Some(&MAIL),
            "meetings" => Some(&MEETINGS),
            "users" => Some(&USERS),
            "groups" => Some(&GROUPS),
            _ => None,
        }
    }
}
