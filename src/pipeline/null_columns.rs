//! The notes about required columns without a value in any row. The names of the columns may be mapped wrongly, or
//! the export may have left the values out.

use datafusion::prelude::SessionContext;

use crate::config::{Enrichment, Format};
use crate::error::Result;
use crate::inputs::InputSource;

/// Sections and columns, each with the disposition that all rows then have; blank if there is none; and the
/// consequence.
const CONSEQUENCES: [(&str, &str, &str, &str); 18] = [
    ("mail", "message_id", "missing_id", "no message counts"),
    ("mail", "sent_at", "missing_time", "no message counts"),
    ("mail", "sender", "invalid_sender", "no message counts"),
    ("mail", "to", "", "nobody is a recipient in to"),
    ("meetings", "meeting_id", "missing_id", "no meeting counts"),
    ("meetings", "organizer", "invalid_organizer", "no meeting counts"),
    ("meetings", "attendees", "", "nobody is an attendee but organizers and mailboxes"),
    ("meetings", "start_at", "missing_time", "no meeting counts"),
    ("meetings", "end_at", "missing_time", "no meeting counts"),
    ("contacts", "emails", "", "it gives no address"),
    ("contacts", "account_id", "", "no contact counts"),
    ("contacts", "contact_id", "", "a contact is identified by its address alone"),
    ("accounts", "account_id", "", "the profile has no accounts"),
    ("accounts", "name", "", "the customer card shows no names"),
    ("users", "email", "", "no other addresses of mailboxes are known"),
    ("users", "entra_id", "", "no other addresses of mailboxes are known"),
    ("groups", "group_email", "", "no listed address is a group"),
    ("groups", "member_email", "", "no group has members"),
];

/// The notes about columns without a value. Each look ends at the first value. `rows` is the number of rows of a
/// section with a disposition or, if that is blank, of all its rows: a run has counted them, and does not look for
/// what no row lacks.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[InputSource],
    rows: impl Fn(&str, &str) -> u64,
) -> Result<Vec<String>> {
    let mut notes = vec![];
    for source in sources {
        let section = source.section;
        for required in source.required(enrichment) {
            let consequence = CONSEQUENCES.iter().find(|(s, c, ..)| (*s, *c) == (section, required.column));
            let Some((_, _, disposition, then)) = consequence else { continue };
            if rows(section, disposition) == 0 {
                continue;
            }
            let value = format!("select 1 from input_{section} where {} is not null limit 1", required.value);
            if ctx.sql(&value).await?.count().await? == 0 {
                // What is there and cannot be read is not distinguished here.
                let converts = source.converts || source.format == Format::GraphDataConnect;
                let readable = if converts { " that can be read" } else { "" };
                notes.push(format!(
                    "[{section}] no row has a value of {}{readable}, so {then}",
                    required.in_file
                ));
            }
        }
    }
    Ok(notes)
}
