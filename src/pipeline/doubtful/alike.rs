//! Rows that are probably copies of one message or meeting and do not count as such: they agree in all but the
//! identifier, or they are at nearly the same time.

use datafusion::prelude::SessionContext;

use super::columns::in_quotes;
use super::words::Place;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::sql_numbers::{SAMPLE, counts};
use crate::pipeline::unused_columns::Copies;

/// The fewest meetings that are worth a note.
const FEWEST_MEETINGS: i64 = 5;

/// The note about identifiers whose rows agree with those of another one in sender, time and recipients: the identifier is
/// that of a copy, or some mailboxes write it in another way.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(super) async fn of_own_ids(
    ctx: &SessionContext,
    section: &'static str,
    copies: &Copies,
) -> Result<Option<String>> {
    let (staged, [id, ..]) = (copies.staged, copies.ids) else { return Ok(None) };
    let time = copies.time;
    let columns = [id.canonical, copies.sender.1, time, copies.people].map(in_quotes);
    let [key, sender, at, to] = &columns;
    let [looked_at, ids, different] = counts(
        ctx,
        &format!(
            "select count(*), count(distinct case when has_people then id end), \
             count(distinct case when has_people then rest end) \
             from (select disposition = 'used' and cardinality({to}) > 0 as has_people, id_hash({key}) as id, \
              id_hash(concat({sender}, ' ', cast({at} as varchar), ' ', array_to_string({to}, ','))) as rest \
              from (select {}, disposition from {staged} limit {SAMPLE}) as looked_at) as hashed",
            columns.join(", ")
        ),
    )
    .await?;
    let names = [copies.sender.0, time, copies.people_in_files()];
    Ok(own_ids(&Place::of_used_rows(section, looked_at), id.name, names, [ids, ids - different]))
}

fn own_ids(
    place: &Place,
    id: &str,
    [sender, time, people]: [&str; 3],
    [ids, alike]: [i64; 2],
) -> Option<String> {
    // Programs send some mails twice.
    (10 * alike >= ids && alike > 0).then(|| {
        format!(
            "[{}] {} of the {} in {id}{} are in rows that agree with those of another one in {sender}, {time} and {people}, so \
             they do not count as copies; check which column {id} names, and whether all mailboxes write it in the same way",
            place.section,
            grouped(alike),
            count(ids, "identifier"),
            place.in_sample()
        )
    })
}

/// Rows of one meeting that begin less than this apart are no occurrences of a series: a clock or a zone is wrong. It is
/// the largest difference between zones. In microseconds.
const APART: &str = "14 * 3600e6";

/// The note about meetings of which rows begin within hours and not at the same time.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(super) async fn within_hours(
    ctx: &SessionContext,
    section: &'static str,
    copies: &Copies,
) -> Result<Option<String>> {
    let [id, ..] = copies.ids else { return Ok(None) };
    let [looked_at, found @ ..] = counts::<3>(
        ctx,
        &format!(
            "select cast(coalesce(sum(rows), 0) as bigint), count(distinct id), \
             count(distinct case when moment - before < {APART} then id end) \
             from (select rows, id, moment, lag(moment) over (partition by id order by moment) as before \
              from (select case when disposition = 'used' then id_hash(meeting_id) end as id, \
               case when disposition = 'used' then cast(cast(start_at as bigint) as double) end as moment, count(*) as rows \
               from (select meeting_id, start_at, disposition from {} limit {SAMPLE}) as looked_at group by 1, 2) as time) as pair",
            copies.staged
        ),
    )
    .await?;
    Ok(hours_apart(&Place::of_used_rows(section, looked_at), id.name, found))
}

fn hours_apart(place: &Place, id: &str, [meetings, apart]: [i64; 2]) -> Option<String> {
    (apart >= FEWEST_MEETINGS && 20 * apart >= meetings).then(|| {
        format!(
            "[{}] {} of the {} in {id}{} have rows that begin at different times within 14 hours, so they count as several \
             meetings; check the zone and the seconds of the times of all copies",
            place.section,
            grouped(apart),
            count(meetings, "identifier"),
            place.in_sample()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_alike_in_words() {
        let place = Place { section: "mail", noun: "used row", sample: Some("9 of its rows".to_owned()) };
        let note = |numbers| own_ids(&place, "message_id", ["sender", "sent_at", "to"], numbers);
        assert_eq!((note([100, 0]), note([100, 9])), (None, None));
        assert_eq!(
            note([4788, 1240]).unwrap(),
            "[mail] 1,240 of the 4,788 identifiers in message_id, in 9 of its rows, are in rows that agree with those of another \
             one in sender, sent_at and to, so they do not count as copies; check which column message_id names, and \
             whether all mailboxes write it in the same way"
        );
    }

    #[test]
    fn meetings_within_hours_in_words() {
        let place = Place { section: "meetings", noun: "used row", sample: None };
        assert_eq!(hours_apart(&place, "meeting_id", [10, 4]), None);
        assert_eq!(hours_apart(&place, "meeting_id", [1000, 49]), None);
        assert_eq!(
            hours_apart(&place, "meeting_id", [1000, 50]).unwrap(),
            "[meetings] 50 of the 1,000 identifiers in meeting_id have rows that begin at different times within 14 hours, so \
             they count as several meetings; check the zone and the seconds of the times of all copies"
        );
    }
}
