//! `engagement segment`: lists the segments, or the members of one.

use std::sync::Arc;

use clap::Args;
use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::array_value_to_string;
use futures::TryStreamExt;

use super::format::{Format, Layout};
use super::limits::{Limits, TimeoutArgs, within};
use super::out::{self, note, written};
use super::results::{self, binary_to_terminal};
use super::session::{Session, Target};
use super::text::visible;
use super::{missing_levels, missing_sources};
use crate::config::{Enrichment, Level};
use crate::error::suggest::nearest;
use crate::error::{Error, Result};
use crate::query::segments::{self, Segment};

/// List the segments with their size, or the members of one.
///
/// A segment is a query over the published tables that yields CustomerId. To add a segment, write it
/// to segments/NAME.sql beside the enrichment file; the first -- comment is the description. In SQL a
/// segment is the view Segment_NAME.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement segment enrichment.toml
  engagement segment enrichment.toml stale
  engagement segment enrichment.toml one_sided --format csv | cut -d, -f1")]
pub struct SegmentCommand {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    timeout: TimeoutArgs,
    /// The segment whose members are listed, highest score first. Its name can be written in any case,
    /// with or without Segment_.
    name: Option<String>,
    /// The format of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print the scores of a table with all their digits, not rounded. The other formats always have all
    /// digits.
    #[arg(long)]
    exact: bool,
}

impl SegmentCommand {
    pub async fn run(self) -> Result<()> {
        if self.format == Format::Parquet && out::is_terminal() {
            return Err(binary_to_terminal());
        }
        let (ctx, enrichment) = (self.target.resources.session()?, self.target.open(None)?);
        let limits = Limits::of_statement(&self.target.resources, &self.timeout);
        let answer = async {
            let session = Session::published(ctx, enrichment).await?;
            if let Some(unread) = unread(&session.enrichment)? {
                note(unread);
            }
            match &self.name {
                None => list(&session, self.format).await,
                Some(name) => {
                    let layout = Layout { exact: self.exact, ..Layout::default() };
                    members(&session, find(&session.segments, name)?, self.format, layout).await
                }
            }
        };
        within(limits, answer).await
    }
}

/// How many names of files a note contains.
const NAMED: usize = 3;

/// The note about files in the folder of the segments that are not read.
fn unread(enrichment: &Enrichment) -> Result<Option<String>> {
    let files = segments::unread(enrichment)?;
    let mut names: Vec<_> = files.iter().take(NAMED).map(|file| file.display().to_string()).collect();
    names.extend((files.len() > NAMED).then(|| format!("{} more", files.len() - NAMED)));
    Ok((!files.is_empty()).then(|| {
        format!("note: not read as segments: {}; the files segments/NAME.sql are", visible(&names.join(", ")))
    }))
}

fn find<'a>(segments: &'a [Segment], name: &str) -> Result<&'a Segment> {
    if let Some(segment) = segments::find(segments, name) {
        return Ok(segment);
    }
    let near = nearest(name, segments.iter().map(|s| s.name.as_str()));
    Err(Error::query(match near {
        Some(near) => format!("no segment named {name}; did you mean {near}?"),
        None => {
            let names: Vec<&str> = segments.iter().map(|s| s.name.as_str()).collect();
            format!("no segment named {name}; there are {}", names.join(", "))
        }
    }))
}

/// Why a segment has no members, or fewer than its author expects: levels of Office that it reads and that are
/// not published, and the source without which it is always empty.
///
/// # Errors
/// The segment is broken.
async fn remarks(session: &Session, segment: &Segment) -> Result<Vec<String>> {
    let query = format!("select \"CustomerId\" from \"{}\"", segment.view());
    let plan = session.statements.logical_plan(&query).await?;
    let levels = missing_levels::missing(&plan, &session.levels)?;
    let source = missing_sources::needed(session.statements.context(), &plan, &session.sources);
    let source = source.map(|source| format!("the enrichment has no [{source}]"));
    Ok(unpublished(&levels).into_iter().chain(source).collect())
}

/// The remark that these levels are not published; `None` if there are none.
fn unpublished(levels: &[Level]) -> Option<String> {
    let names: Vec<&str> = levels.iter().map(|l| l.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("level {one} is not published")),
        several => Some(format!("levels {} are not published", several.join(" and "))),
    }
}

/// The remark about identifiers that a segment yields and no account of the profile has; `None` if there are none.
///
/// # Errors
/// The segment is broken or its query fails.
async fn unknown(session: &Session, segment: &Segment) -> Result<Option<String>> {
    let query = format!(
        "select count(distinct \"CustomerId\") from \"{}\" where cast(\"CustomerId\" as varchar) not in (select \"CustomerId\" from \
         \"CustomerCard\")",
        segment.view()
    );
    Ok(match number(session, &query).await? {
        0 => None,
        1 => Some("1 id is not in the profile".to_owned()),
        many => Some(format!("{many} ids are not in the profile")),
    })
}

async fn list(session: &Session, format: Format) -> Result<()> {
    let batch = listing(session).await?;
    let mut out = out::stdout();
    let mut sink = format.sink(&batch.schema(), Layout::listing(), &mut out)?;
    sink.write(&batch)?;
    sink.finish()?;
    written(std::io::Write::flush(&mut out))
}

/// The name, size and description of every segment. A broken segment has no size, and the reason as its
/// description.
async fn listing(session: &Session) -> Result<RecordBatch> {
    let mut sizes = vec![];
    let mut descriptions = vec![];
    for segment in &session.segments {
        let size = size(session, segment).await;
        descriptions.push(match &size {
            Err(error) => format!("broken: {error}"),
            Ok(_) => {
                let replaces = segment.replaces_shipped().then(|| "replaces the shipped segment".to_owned());
                let unknown = unknown(session, segment).await?;
                let remarks = replaces.into_iter().chain(remarks(session, segment).await?).chain(unknown);
                remarks.fold(segment.description.clone(), |text, remark| format!("{text} ({remark})"))
            }
        });
        sizes.push(size.ok());
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("Segment", DataType::Utf8, false),
        Field::new("Customers", DataType::Int64, true),
        Field::new("Description", DataType::Utf8, false),
    ]));
    let names = session.segments.iter().map(|s| s.name.as_str());
    written(RecordBatch::try_new(
        schema,
        vec![
            Arc::new(StringArray::from_iter_values(names)),
            Arc::new(Int64Array::from(sizes)),
            Arc::new(StringArray::from_iter_values(descriptions)),
        ],
    ))
}

/// The number of customers in a segment.
///
/// # Errors
/// The segment is broken or its query fails.
async fn size(session: &Session, segment: &Segment) -> Result<i64> {
    if let Some(reason) = &segment.broken {
        return Err(Error::query(reason.clone()));
    }
    number(session, &format!("select count(distinct \"CustomerId\") from \"{}\"", segment.view())).await
}

/// The number that a query returns.
async fn number(session: &Session, query: &str) -> Result<i64> {
    let plan = session.statements.logical_plan(query).await?;
    let frame = session.statements.context().execute_logical_plan(plan).await;
    let frame = frame.map_err(|e| session.statements.explain(e))?;
    let batches = session.statements.stream(frame).await?.try_collect::<Vec<_>>().await;
    let batches = batches.map_err(|e| session.statements.explain(e))?;
    let count = batches.first().filter(|b| b.num_rows() == 1);
    let count = count.and_then(|b| array_value_to_string(b.column(0), 0).ok()?.parse().ok());
    count.ok_or_else(|| Error::query("its size is not a number"))
}

async fn members(session: &Session, segment: &Segment, format: Format, layout: Layout) -> Result<()> {
    let plan = session.statements.logical_plan(&query(segment)).await?;
    for remark in remarks(session, segment).await? {
        note(format!("note: segment {} reads Office, but {remark}", segment.name));
    }
    if let Some(unknown) = unknown(session, segment).await? {
        note(format!("note: of segment {}, {unknown}: check what it selects as CustomerId", segment.name));
    }
    let frame = session.statements.context().execute_logical_plan(plan).await?;
    let mut out = out::stdout();
    results::stream(&session.statements, frame, format, layout, &mut out).await.map(|_| ())
}

/// The query for the members, with the name and score that CustomerCard has for them.
fn query(segment: &Segment) -> String {
    format!(
        "select members.\"CustomerId\", card.\"Name\", card.\"EngagementScore\" \
         from (select distinct \"CustomerId\" from \"{}\" where \"CustomerId\" is not null) as members \
         left join \"CustomerCard\" as card on card.\"CustomerId\" = members.\"CustomerId\" \
         order by card.\"EngagementScore\" desc nulls last, members.\"CustomerId\"",
        segment.view()
    )
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::Int64Type;

    use super::*;
    use crate::config::Source;
    use crate::query::testing;

    async fn session(files: &[(&str, &str)]) -> Session {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("segments")).unwrap();
        for (file, sql) in files {
            std::fs::write(folder.path().join("segments").join(file), sql).unwrap();
        }
        let (levels, sources) = (Level::ALL.to_vec(), Source::ALL.to_vec());
        let enrichment = testing::enrichment(folder.path());
        Session::over(testing::published().await, enrichment, levels, sources).await.unwrap()
    }

    #[tokio::test]
    async fn the_list_has_sizes_and_reasons() {
        let twice = "-- Twice\nselect 'a1' as customerid union all select 'a1' union all select null";
        let session = session(&[
            ("twice.sql", twice),
            ("typo.sql", "select 1 from offic"),
            ("fails.sql", "select cast(customerid as int) as customerid from office"),
            ("stale.sql", "-- Ours\nselect 'x' as customerid"),
        ])
        .await;
        let listing = listing(&session).await.unwrap();
        let (names, texts) = (listing.column(0).as_string::<i32>(), listing.column(2).as_string::<i32>());
        let sizes = listing.column(1).as_primitive::<Int64Type>();
        let row = |name: &str| {
            let i = (0..listing.num_rows()).find(|&i| names.value(i) == name).unwrap();
            (sizes.iter().nth(i).unwrap(), texts.value(i))
        };
        assert_eq!(row("silent"), (Some(1), "No engaged message or meeting in the whole window"));
        assert_eq!(row("twice"), (Some(1), "Twice"));
        let ours = "Ours (replaces the shipped segment) (1 id is not in the profile)";
        assert_eq!(row("stale"), (Some(1), ours));
        assert_eq!(row("typo"), (None, "broken: no table named offic; did you mean Office?"));
        assert!(row("fails").0.is_none() && row("fails").1.starts_with("broken: Cast error"));
        assert_eq!(listing.num_rows(), 9);
    }

    #[tokio::test]
    async fn members_stand_beside_name_and_score() {
        let session =
            session(&[("some.sql", "select unnest(make_array('a2', 'zz', 'a1', 'a2', null)) as customerid")])
                .await;
        let plan =
            session.statements.logical_plan(&query(find(&session.segments, "Segment_SOME").unwrap())).await;
        let frame = session.statements.context().execute_logical_plan(plan.unwrap()).await.unwrap();
        let mut out = vec![];
        results::stream(&session.statements, frame, Format::Csv, Layout::default(), &mut out).await.unwrap();
        let expected = "CustomerId,Name,EngagementScore\na1,Acme Ltd,95.0\na2,Globex,55.0\nzz,,\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[tokio::test]
    async fn ids_of_nobody_and_files_that_are_not_read() {
        let session = session(&[
            ("number.sql", "select unnest(make_array(1, 2, null)) as customerid"),
            ("names.sql", "select name as customerid from customercard"),
            ("none.sql", "select customerid from office where false"),
        ])
        .await;
        let unknown =
            async |name: &str| unknown(&session, find(&session.segments, name).unwrap()).await.unwrap();
        assert_eq!(unknown("number").await.as_deref(), Some("2 ids are not in the profile"));
        assert_eq!(unknown("names").await.as_deref(), Some("4 ids are not in the profile"));
        assert_eq!([unknown("none").await, unknown("silent").await], [None, None]);

        let folder = tempfile::tempdir().unwrap();
        let enrichment = testing::enrichment(folder.path());
        assert_eq!(unread(&enrichment).unwrap(), None, "there is no folder");
        let write = |name: &str| {
            let path = folder.path().join("segments").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "select 1").unwrap();
        };
        ["a.sql", "B.SQL", "a.sql~", "c.sql.bak", "README.txt", ".d.txt", "old/note.txt"]
            .into_iter()
            .for_each(write);
        assert_eq!(unread(&enrichment).unwrap(), None);
        ["big.sql.txt", "e", "g.txt", "sub/f.sql"].into_iter().for_each(write);
        let segments = folder.path().join("segments");
        let expected = format!(
            "note: not read as segments: {0}/big.sql.txt, {0}/e, {0}/g.txt, 1 more; the files segments/NAME.sql are",
            segments.display()
        );
        assert_eq!(unread(&enrichment).unwrap(), Some(expected));
    }

    #[tokio::test]
    async fn names_are_found_in_any_spelling() {
        let session = session(&[]).await;
        for name in ["one_sided", "ONE_SIDED", "OneSided", "segment_onesided", "Segment_One_Sided"] {
            assert_eq!(find(&session.segments, name).unwrap().name, "one_sided", "{name}");
        }
        assert_eq!(
            find(&session.segments, "stail").unwrap_err().to_string(),
            "no segment named stail; did you mean stale?"
        );
        let none = find(&session.segments, "qqq").unwrap_err().to_string();
        assert!(none.starts_with("no segment named qqq; there are stale, silent"), "{none}");
    }
}
