//! The columns that an input must have, for notes about columns without a value.

use super::columns::{self, Absent, Shape};
use super::graph;
use super::source::InputSource;
use crate::config::{Enrichment, Format};

/// A column that an input must have.
pub(crate) struct Required {
    /// The canonical name.
    pub(crate) column: &'static str,
    /// Its name in the files; several with `or` between them, if one of them is enough.
    pub(crate) in_file: String,
    /// Its value, as SQL over the input table.
    pub(crate) value: String,
}

impl InputSource {
    /// The columns that the files must have, in the order of the canonical columns. A column that the enrichment file
    /// maps is one of them. Exports of users and groups have none here: one of several columns is enough for a row.
    pub(crate) fn required(&self, enrichment: &Enrichment) -> Vec<Required> {
        let sections = columns::sections(enrichment);
        let Some((section, _)) = sections.iter().find(|(section, _)| section.name == self.section) else {
            return vec![];
        };
        // An attribute without a value is nothing to speak of.
        let is_must =
            |column: &&columns::Column| column.absent == Absent::Error && column.shape != Shape::Struct;
        let must = section.columns.iter().filter(is_must);
        let quoted = |name: &str| format!("\"{name}\"");
        if self.format == Format::GraphDataConnect {
            let named = graph::required(self.section);
            let column = |(column, in_file): (&columns::Column, &&[&str])| Required {
                column: column.name,
                in_file: in_file.join(" or "),
                value: quoted(column.name),
            };
            return if section.has_copies { must.zip(named).map(column).collect() } else { vec![] };
        }
        let each = must.flat_map(|column| {
            column.in_file.iter().enumerate().map(|(at, in_file)| Required {
                column: column.name,
                in_file: in_file.clone(),
                value: match column.shape {
                    Shape::List => format!("{}[{}]", quoted(column.name), at + 1),
                    _ => quoted(column.name),
                },
            })
        });
        each.collect()
    }
}
