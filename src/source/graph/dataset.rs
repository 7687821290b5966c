//! The columns of Microsoft's datasets that are used: the one list of them.

/// A dataset, or several of the same columns: what one section of the enrichment file reads.
pub(super) struct Dataset {
    /// The table that its SQL reads.
    pub(super) table: &'static str,
    /// From the rows of a file to rows that are alike in every file.
    pub(super) sql: &'static str,
    /// From all of them to the canonical columns, where that needs more than one row: the table
    /// that it reads, and the statement.
    pub(super) whole: Option<(&'static str, &'static str)>,
    pub(super) columns: &'static [Column],
    /// Of each group, every file has at least one.
    pub(super) in_each: &'static [&'static [&'static str]],
    /// Of each group, some file has at least one.
    pub(super) in_some: &'static [&'static [&'static str]],
}

/// A column of a dataset, and what it means that a file lacks it.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) absent: Option<&'static str>,
}

const fn plain(name: &'static str) -> Column {
    Column { name, absent: None }
}

const fn unless(name: &'static str, means: &'static str) -> Column {
    Column { name, absent: Some(means) }
}

const SUMMARY_ROWS: &str = "summary and error rows are not told from data";

const MAIL: Dataset = Dataset {
    table: "graph_mail",
    sql: include_str!("../../../sql/graph/mail.sql"),
    whole: None,
    columns: &[
        plain("internetMessageId"),
        unless("conversationIndex", "threads are known by conversationId alone"),
        unless("conversationId", "a copy without conversationIndex is a thread of its own"),
        unless("sentDateTime", "mail is dated by receivedDateTime"),
        plain("receivedDateTime"),
        unless("from", "the sender is who sent on behalf of somebody"),
        plain("sender"),
        plain("toRecipients"),
        unless("ccRecipients", "nobody in copy"),
        unless("bccRecipients", "nobody in blind copy"),
        unless("isDraft", "no drafts"),
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
        unless("responseStatus", "who declined is known from the organizer's copy alone"),
        unless("puser", "the holder of a copy counts only where it is named"),
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
    // GroupMembers says which group a member is in, GroupDetails what the group's address is.
    in_some: &[&["puser"], &["pObjectId", "groupTypes", "mailEnabled"]],
};

impl Dataset {
    /// What a section of the enrichment file reads; `None` for one that has no such shape.
    pub(super) fn of(section: &str) -> Option<&'static Dataset> {
        match section {
            "mail" => Some(&MAIL),
            "meetings" => Some(&MEETINGS),
            "users" => Some(&USERS),
            "groups" => Some(&GROUPS),
            _ => None,
        }
    }
}
