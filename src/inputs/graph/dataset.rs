//! The columns of Microsoft's datasets that are used. There is no other list of them.

use super::shape::Shape::{self, Flag, Headers, Moment, Object, Recipients, Scalar, Texts, Time};

/// A dataset, or several with the same columns, that one section of the enrichment file reads.
pub(crate) struct Dataset {
    /// The name of the table that `sql` reads.
    pub(crate) table: &'static str,
    /// Maps the rows of files with the same fields to columns that are the same for all files.
    pub(crate) sql: &'static str,
    /// A second step, if one row is not one row of the canonical columns: the name of the table with
    /// the rows of all files, and the statement that maps it to the canonical columns.
    pub(crate) whole: Option<(&'static str, &'static str)>,
    /// Says what cannot be read in the rows of `sql`, which it finds in the table `graph_row`.
    pub(crate) unreadable: &'static str,
    pub(crate) columns: &'static [Column],
    /// Groups of columns. Every Parquet file must have at least one column of each group, and so must at
    /// least one file of any kind.
    pub(crate) in_each: &'static [&'static [&'static str]],
    /// Groups of columns, each with the export that has them. At least one file must have at least one column of each
    /// group.
    pub(crate) in_some: &'static [(&'static [&'static str], &'static str)],
    /// An export with the same columns and another meaning: a part of the names of its files, and the meaning.
    pub(crate) other: Option<(&'static str, &'static str)>,
}

/// A column of a dataset, and the consequence if a file lacks it; `None` if there is none to report.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) absent: Option<&'static str>,
}

const fn plain(name: &'static str, shape: Shape) -> Column {
    Column { name, shape, absent: None }
}

const fn unless(name: &'static str, shape: Shape, means: &'static str) -> Column {
    Column { name, shape, absent: Some(means) }
}

const SUMMARY_ROWS: &str = "summary and error rows cannot be distinguished from data";

const MAIL: Dataset = Dataset {
    table: "graph_mail",
    sql: include_str!("../../../sql/graph/mail.sql"),
    whole: None,
    unreadable: include_str!("../../../sql/graph/unreadable_mail.sql"),
    columns: &[
        plain("internetMessageId", Scalar),
        unless("conversationIndex", Scalar, "threads are identified by conversationId alone"),
        unless("conversationId", Scalar, "a copy without conversationIndex is a thread of its own"),
        unless("sentDateTime", Time, "mail is dated by receivedDateTime"),
        plain("receivedDateTime", Time),
        unless("from", Recipients, "the sender is the delegate if mail is sent on behalf of another person"),
        plain("sender", Recipients),
        plain("toRecipients", Recipients),
        unless("ccRecipients", Recipients, "there are no cc recipients"),
        unless("bccRecipients", Recipients, "there are no bcc recipients"),
        unless("isDraft", Flag, "no message is a draft"),
        unless("ODataType", Scalar, "invitations and their answers count as mail"),
        unless("internetMessageHeaders", Headers, "automatic answers count as mail"),
        unless("puser", Scalar, "mail sent to a distribution list does not count for its members"),
        unless(ROW_INFORMATION, Object, SUMMARY_ROWS),
    ],
    in_each: &[
        &["internetMessageId"],
        &["sentDateTime", "receivedDateTime"],
        &["from", "sender"],
        &["toRecipients"],
    ],
    in_some: &[],
    other: None,
};

const MEETINGS: Dataset = Dataset {
    table: "graph_meetings",
    sql: include_str!("../../../sql/graph/meetings.sql"),
    whole: None,
    unreadable: include_str!("../../../sql/graph/unreadable_meetings.sql"),
    columns: &[
        plain("iCalUId", Scalar),
        plain("organizer", Recipients),
        plain("attendees", Recipients),
        plain("start", Moment),
        plain("end", Moment),
        unless("isCancelled", Flag, "no meeting is cancelled"),
        unless("isAllDay", Flag, "no meeting is all-day"),
        unless("type", Scalar, "no row is a series master"),
        unless("responseStatus", Object, "declined answers are known from the organizer's copy alone"),
        unless("puser", Scalar, "the mailbox that holds a copy counts only if the copy names its address"),
        unless(ROW_INFORMATION, Object, SUMMARY_ROWS),
    ],
    in_each: &[&["iCalUId"], &["organizer"], &["attendees"], &["start"], &["end"]],
    in_some: &[],
    other: None,
};

const USERS: Dataset = Dataset {
    table: "graph_users",
    sql: include_str!("../../../sql/graph/user_record.sql"),
    whole: Some(("graph_user_record", include_str!("../../../sql/graph/users.sql"))),
    unreadable: include_str!("../../../sql/graph/unreadable_records.sql"),
    columns: &[
        plain("id", Scalar),
        plain("mail", Scalar),
        plain("userPrincipalName", Scalar),
        unless("proxyAddresses", Texts, "a person's other addresses are not known"),
        unless(ROW_INFORMATION, Object, SUMMARY_ROWS),
    ],
    in_each: &[&["id"], &["mail", "userPrincipalName", "proxyAddresses"]],
    in_some: &[],
    other: None,
};

const GROUPS: Dataset = Dataset {
    table: "graph_groups",
    sql: include_str!("../../../sql/graph/group_record.sql"),
    whole: Some(("graph_group_record", include_str!("../../../sql/graph/groups.sql"))),
    unreadable: include_str!("../../../sql/graph/unreadable_records.sql"),
    columns: &[
        plain("id", Scalar),
        plain("mail", Scalar),
        plain("proxyAddresses", Texts),
        plain("userPrincipalName", Scalar),
        plain("puser", Scalar),
        plain("pObjectId", Scalar),
        plain("ODataType", Scalar),
        plain("groupTypes", Texts),
        plain("mailEnabled", Scalar),
        plain(ROW_INFORMATION, Object),
    ],
    in_each: &[&["id"]],
    // GroupMembers exports contain the group of each member, GroupDetails exports the address of the group.
    in_some: &[
        (&["pObjectId", "puser"], "GroupMembers"),
        (&["groupTypes", "mailEnabled", "pObjectId"], "GroupDetails"),
    ],
    other: Some(("GroupOwners", "owners of groups, who need not be members")),
};

/// The column that shows whether a row is a summary row.
const ROW_INFORMATION: &str = "rowinformation";
/// Columns that the service adds to the rows of every dataset. They do not show to which dataset a row belongs.
const TECHNICAL: [&str; 8] =
    ["puser", "ptenant", "pObjectId", "pAdditionalInfo", "datarow", "userrow", "pagerow", ROW_INFORMATION];

impl Dataset {
    /// Whether objects with these keys belong to the dataset: some have a required column, or all are summary
    /// rows, which have technical columns only.
    pub(crate) fn has(&self, keys: &[String]) -> bool {
        let is_one = |key: &String, names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        let required = self.in_each.concat();
        keys.iter().any(|key| is_one(key, &required))
            || keys.iter().any(|key| is_one(key, &[ROW_INFORMATION]))
                && keys.iter().all(|key| is_one(key, &TECHNICAL))
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }

    /// The columns for which `lacks` is true, each with the consequence; a column without a consequence is left
    /// out. The argument of `lacks` is the position of a column.
    pub(crate) fn missing(&self, lacks: impl Fn(usize) -> bool) -> Vec<(&'static str, &'static str)> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(i, _)| lacks(*i)).filter_map(|(_, c)| Some((c.name, c.absent?))).collect()
    }

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

/// Whether these are names of columns of an export of a section: all that it must have.
pub(crate) fn is_export(section: &str, names: &[&str]) -> bool {
    let is_there = |name: &&str| names.iter().any(|there| there.eq_ignore_ascii_case(name));
    Dataset::of(section).is_some_and(|dataset| {
        let some = dataset.in_some.iter().map(|(group, _)| group);
        dataset.in_each.iter().chain(some).all(|group| group.iter().any(is_there))
    })
}
