//! The columns of mail and meetings whose values notes are about, and how values that are not used are counted.

use crate::config::Format;
use crate::engine::quoted;
use crate::inputs::InputSource;

/// The fewest mails of a file that are without recipients because of a mistake: some have only hidden ones.
const FEWEST: usize = 20;

/// A column in which values may not be used.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    /// Its name in the files.
    pub(crate) name: &'static str,
    /// The number of its values that are not used, as SQL over a staged row.
    pub(crate) unused: Unused,
}

#[derive(Clone, Copy)]
pub(crate) enum Unused {
    /// Texts or lists of text in this canonical column, which should be addresses.
    Addresses(&'static str),
    /// A word that is not known; its row names the column.
    Words,
    /// A value that cannot be decoded; its row names the column.
    Codes,
}

impl Column {
    pub(crate) const fn of(name: &'static str) -> Self {
        Self { name, unused: Unused::Addresses(name) }
    }

    const fn addresses(name: &'static str, canonical: &'static str) -> Self {
        Self { name, unused: Unused::Addresses(canonical) }
    }

    pub(crate) const fn words(name: &'static str) -> Self {
        Self { name, unused: Unused::Words }
    }

    const fn codes(name: &'static str) -> Self {
        Self { name, unused: Unused::Codes }
    }

    /// Whether it has the addresses of this canonical column.
    pub(crate) fn is_of(&self, canonical: &str) -> bool {
        matches!(self.unused, Unused::Addresses(column) if column == canonical)
    }

    /// The number of values of a row that are not used, as SQL.
    fn sql(self) -> String {
        match self.unused {
            Unused::Addresses(column) => format!("count_no_address({})", quoted(column)),
            Unused::Words | Unused::Codes => format!(
                "case when strpos(concat(',', unknown_words, ','), ',{},') > 0 then 1 else 0 end",
                self.name
            ),
        }
    }
}

/// Values that are not used, which were found in a column.
pub(crate) struct FoundUnused {
    pub(crate) column: Column,
    pub(crate) rows: i64,
    pub(crate) values: i64,
    /// The first file with a used row that has such a value.
    pub(crate) file: Option<String>,
}

impl FoundUnused {
    pub(crate) fn nothing(column: &Column) -> Self {
        Self { column: *column, rows: 0, values: 0, file: None }
    }

    /// Takes the two numbers of this column, which are the first ones, and returns the others.
    pub(crate) fn add<'n>(&mut self, numbers: &'n [i64], file: Option<&str>) -> &'n [i64] {
        let [rows, values, rest @ ..] = numbers else { return &[] };
        self.rows += rows;
        self.values += values;
        if *rows > 0 {
            self.file = self.file.take().or_else(|| file.map(str::to_owned));
        }
        rest
    }
}

/// A section with copies: its staged rows, and its columns.
pub(crate) struct Copies {
    pub(crate) staged: &'static str,
    /// The columns in which values may not be used.
    pub(crate) columns: &'static [Column],
    /// The canonical name of the column of recipients or attendees.
    pub(crate) people: &'static str,
    /// The column of the address that every copy must have: its name in the files, and its canonical name.
    pub(crate) sender: (&'static str, &'static str),
    /// The column of the time: `sent_at` or `start_at`.
    pub(crate) time: &'static str,
    /// Whether they are of messages: not of meetings.
    pub(crate) is_mail: bool,
    /// The columns of identifiers.
    pub(crate) ids: &'static [IdColumn],
}

/// A column of identifiers.
#[derive(Clone, Copy)]
pub(crate) struct IdColumn {
    /// Its name in the files.
    pub(crate) name: &'static str,
    /// Its canonical name.
    pub(crate) canonical: &'static str,
    /// What rows with the same identifier are.
    pub(crate) same: &'static str,
}

const ONE_MESSAGE: &str = "they are copies of one message";
const ONE_MEETING: &str = "those that start at the same time are copies of one meeting";

const MAIL: Copies = Copies {
    staged: "stg_mail",
    columns: &[Column::of("mailbox"), Column::of("to"), Column::of("cc"), Column::of("bcc")],
    people: "to",
    sender: ("sender", "sender"),
    time: "sent_at",
    is_mail: true,
    ids: &[
        IdColumn { name: "message_id", canonical: "message_id", same: ONE_MESSAGE },
        IdColumn { name: "conversation_id", canonical: "conversation_id", same: "they are one thread" },
    ],
};

const EXPORTED_MAIL: Copies = Copies {
    staged: "stg_mail",
    columns: &[
        Column::addresses("toRecipients", "to"),
        Column::addresses("ccRecipients", "cc"),
        Column::addresses("bccRecipients", "bcc"),
        Column::words("ODataType"),
        Column::words("puser"),
        Column::codes("conversationIndex"),
        Column::codes("conversationId"),
    ],
    people: "to",
    sender: ("from or sender", "sender"),
    time: "sent_at",
    is_mail: true,
    ids: &[IdColumn { name: "internetMessageId", canonical: "message_id", same: ONE_MESSAGE }],
};

const MEETINGS: Copies = Copies {
    staged: "stg_meeting",
    columns: &[Column::of("mailbox"), Column::of("attendees"), Column::of("declined")],
    people: "attendees",
    sender: ("organizer", "organizer"),
    time: "start_at",
    is_mail: false,
    ids: &[IdColumn { name: "meeting_id", canonical: "meeting_id", same: ONE_MEETING }],
};

const EXPORTED_MEETINGS: Copies = Copies {
    staged: "stg_meeting",
    columns: &[
        Column::of("attendees"),
        Column::words("attendees.type"),
        Column::words("attendees.status"),
        Column::words("type"),
        Column::words("responseStatus"),
        Column::words("puser"),
    ],
    people: "attendees",
    sender: ("organizer", "organizer"),
    time: "start_at",
    is_mail: false,
    ids: &[IdColumn { name: "iCalUId", canonical: "meeting_id", same: ONE_MEETING }],
};

impl Copies {
    /// The name in the files of the column of recipients or attendees.
    pub(crate) fn people_in_files(&self) -> &'static str {
        self.columns.iter().find(|column| column.is_of(self.people)).map_or(self.people, |column| column.name)
    }

    /// The section of a source of mail or meetings; `None` for another source.
    pub(crate) fn of(source: &InputSource) -> Option<Self> {
        match (source.section, source.format) {
            ("mail", Format::GraphDataConnect) => Some(EXPORTED_MAIL),
            ("mail", _) => Some(MAIL),
            ("meetings", Format::GraphDataConnect) => Some(EXPORTED_MEETINGS),
            ("meetings", _) => Some(MEETINGS),
            _ => None,
        }
    }

    /// A query over so many rows of the staged table, the first ones: how many were looked at, how many used ones of them have a
    /// value that is not used, whether [`FEWEST`] are used and none of them has recipients (1, else 0), and for
    /// each column the rows with values that are not used and these values. `looks` and `counts` are more columns of
    /// the looked-at rows, and more numbers over them.
    pub(crate) fn query(&self, rows: usize, looks: &str, counts: &str) -> String {
        let each = self.columns.iter().enumerate();
        // A calendar can have private appointments only.
        let is_mail = self.is_mail;
        let numbers = each.clone().map(|(i, column)| format!("{} as n{i}", column.sql()));
        let any = each.clone().map(|(i, _)| format!("n{i} > 0")).collect::<Vec<_>>().join(" or ");
        let sums = each.map(|(i, _)| {
            format!(
                "count(*) filter (where is_used and n{i} > 0), \
                 cast(coalesce(sum(n{i}) filter (where is_used), 0) as bigint)"
            )
        });
        format!(
            "select count(*), count(*) filter (where is_used and ({any})), \
             case when {is_mail} and count(*) filter (where is_used) >= {FEWEST} and count(people) filter (where is_used) = 0 then 1 else 0 end, \
             {}{counts} from (select disposition = 'used' as is_used, {} as people, {}{looks} from (select * from {} limit {rows}) as first) \
             as looked_at",
            sums.collect::<Vec<_>>().join(", "),
            quoted(self.people),
            numbers.collect::<Vec<_>>().join(", "),
            self.staged
        )
    }
}
