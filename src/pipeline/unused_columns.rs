//! The columns of mail and meetings in which values may not be used, and how such values are counted.

use crate::config::Format;
use crate::engine::quoted;
use crate::inputs::InputSource;

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

    /// The number of values of a row that are not used, as SQL.
    fn sql(self) -> String {
        match self.unused {
            Unused::Addresses(column) => format!("count_no_address({})", quoted(column)),
            Unused::Words => format!(
                "case when strpos(concat(',', unknown_words, ','), ',{},') > 0 then 1 else 0 end",
                self.name
            ),
        }
    }
}

/// A section with copies: its staged rows, and its columns.
pub(crate) struct Copies {
    pub(crate) staged: &'static str,
    pub(crate) columns: &'static [Column],
}

const MAIL: Copies = Copies {
    staged: "stg_mail",
    columns: &[Column::of("mailbox"), Column::of("to"), Column::of("cc"), Column::of("bcc")],
};

const EXPORTED_MAIL: Copies = Copies {
    staged: "stg_mail",
    columns: &[
        Column::addresses("toRecipients", "to"),
        Column::addresses("ccRecipients", "cc"),
        Column::addresses("bccRecipients", "bcc"),
        Column::words("ODataType"),
        Column::words("puser"),
    ],
};

const MEETINGS: Copies = Copies {
    staged: "stg_meeting",
    columns: &[Column::of("mailbox"), Column::of("attendees"), Column::of("declined")],
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
};

impl Copies {
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

    /// A query over the first rows of the staged table: how many were looked at, how many used ones of them have a
    /// value that is not used, and for each column these rows and their values.
    pub(crate) fn query(&self, rows: usize) -> String {
        let each = self.columns.iter().enumerate();
        let numbers = each.clone().map(|(i, column)| format!("{} as n{i}", column.sql()));
        let any = each.clone().map(|(i, _)| format!("n{i} > 0")).collect::<Vec<_>>().join(" or ");
        let sums = each.map(|(i, _)| {
            format!(
                "count(*) filter (where is_used and n{i} > 0), \
                 cast(coalesce(sum(n{i}) filter (where is_used), 0) as bigint)"
            )
        });
        format!(
            "select count(*), count(*) filter (where is_used and ({any})), {} \
             from (select disposition = 'used' as is_used, {} from (select * from {} limit {rows}) as first) as looked_at",
            sums.collect::<Vec<_>>().join(", "),
            numbers.collect::<Vec<_>>().join(", "),
            self.staged
        )
    }
}
