//! The files and tables of a folder that one section can read: a file, a folder of files that are alike, a glob.

use std::fs;
use std::path::Path;

use datafusion::prelude::SessionContext;
use futures::future::{FutureExt, LocalBoxFuture};
use glob::Pattern;

use super::file::{self, Kind, format_of};
use super::recognize::{Recognized, recognize};
use crate::config::Format;
use crate::error::{Error, Result};
use crate::inputs::delta;
use crate::storage::{InputFile, LocalTables, TableFormat};

/// How deep folders are looked at.
const DEEPEST: usize = 16;

/// How many files of one folder are opened. The others are taken to be like the last of them; a run looks at all.
const OPENED: usize = 100;

/// Files or a table that one section of an enrichment file reads.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// A file, a folder or a glob, relative to the folder that was looked at.
    pub(crate) path: String,
    pub(crate) is: Recognized,
}

/// What was found in a folder.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) units: Vec<Found>,
    /// The files that are lists of addresses.
    pub(crate) texts: Vec<String>,
    /// What is nothing of this, and why.
    pub(crate) others: Vec<String>,
    /// Whether a file that could be an input by its name is none, so that the folder cannot be read as a whole.
    has_misfits: bool,
}

/// Looks at a folder below `root`; `below` is its path with a slash at the end, blank for `root` itself.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn look<'a>(
    ctx: &'a SessionContext,
    root: &'a Path,
    below: &'a str,
) -> LocalBoxFuture<'a, Result<Look>> {
    async move {
        let folder = root.join(below);
        if let Some((_, format)) = LocalTables::default().of_folder(&folder) {
            return Ok(table(ctx, &folder, below, format).await);
        }
        let (mut look, mut names, mut last) = (Look::default(), vec![], None);
        let mut inner = vec![];
        for name in entries(&folder)? {
            let place = format!("{below}{name}");
            if folder.join(&name).is_dir() {
                if below.matches('/').count() < DEEPEST {
                    inner.push(format!("{place}/"));
                }
                continue;
            }
            let format = format_of(&name.to_lowercase());
            let kind = match last.take() {
                Some((before, is)) if names.len() >= OPENED && before == format => Kind::Input(is),
                _ => file::look(ctx, &InputFile::local(folder.join(&name)), &place).await,
            };
            match kind {
                Kind::Input(is) => {
                    last = Some((format, is.clone()));
                    look.units.push(Found { path: place, is });
                }
                Kind::Addresses => look.texts.push(place),
                // The output of a run contains nothing else.
                Kind::Published => return Ok(Look::default()),
                Kind::Other(why) => {
                    look.has_misfits |= format.is_some();
                    look.others.extend((!why.is_empty()).then(|| format!("{place}: {why}")));
                }
            }
            names.push(name);
        }
        let mut units = std::mem::take(&mut look.units);
        for place in inner {
            let deeper = self::look(ctx, root, &place).await?;
            units.extend(deeper.units);
            look.texts.extend(deeper.texts);
            look.others.extend(deeper.others);
            look.has_misfits |= deeper.has_misfits;
        }
        look.units = combined(units, below, &names, look.has_misfits);
        Ok(look)
    }
    .boxed_local()
}

/// The names in a folder, sorted, without those that begin with `_` or `.`.
fn entries(folder: &Path) -> Result<Vec<String>> {
    let cannot = |e: std::io::Error| Error::input(format!("{}: cannot be read: {e}", folder.display()));
    let mut names = vec![];
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['_', '.']) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// What the folder of a table format is.
async fn table(ctx: &SessionContext, folder: &Path, below: &str, format: TableFormat) -> Look {
    let place = if below.is_empty() { "./" } else { below };
    let other = |why: String| Look { others: vec![format!("{place}: {why}")], ..Look::default() };
    if format != TableFormat::Delta {
        return other(format!("is {}; export its rows to a folder of their own", format.described()));
    }
    match delta::columns(ctx, folder).await {
        Err(e) => other(e.to_string()),
        Ok(columns) => match recognize(&columns, Format::Delta, below) {
            Some(is) => Look { units: vec![Found { path: place.to_owned(), is }], ..Look::default() },
            None => other("is a Delta table that is not recognized by its columns".to_owned()),
        },
    }
}

/// Combines the units of a folder that one section can read as one: the folder, if it contains nothing else; otherwise
/// files with a common pattern. `names` are the files of the folder itself. Of an export, other files in the folder
/// are passed over.
fn combined(units: Vec<Found>, below: &str, names: &[String], has_misfits: bool) -> Vec<Found> {
    let is_file = |unit: &Found| !unit.path[below.len()..].contains('/');
    let may_have_misfits = |is: &Recognized| is.format == Format::GraphDataConnect;
    let is_whole = units.iter().all(|unit| is_file(unit) || unit.path.ends_with('/'));
    if let Some(is) =
        all_alike(&units).filter(|is| is_whole && !below.is_empty() && (!has_misfits || may_have_misfits(is)))
    {
        return vec![Found { path: below.to_owned(), is }];
    }
    let mut combined: Vec<Found> = vec![];
    let mut rest = units;
    while !rest.is_empty() {
        let section = rest[0].is.section;
        let (same, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|unit| unit.is.section == section);
        rest = others;
        let all_files = same.len() > 1 && same.iter().all(is_file);
        let files: Vec<_> = same.iter().map(|unit| &unit.path[below.len()..]).collect();
        let pattern = if all_files { pattern(&files, names) } else { None };
        match pattern.zip(all_alike(&same)) {
            Some((pattern, is)) => combined.push(Found { path: format!("{below}{pattern}"), is }),
            None => combined.extend(same),
        }
    }
    combined
}

/// What units are together; `None` if one section cannot read them as one. A column that is named differently in some
/// of them, or that some lack, is not mapped; if it is required, they are not alike.
fn all_alike(units: &[Found]) -> Option<Recognized> {
    let (first, others) = units.split_first()?;
    let mut is = first.is.clone();
    if others.is_empty() {
        return (is.format != Format::Delta).then_some(is);
    }
    for Found { is: other, .. } in others {
        if (is.section, is.format) != (other.section, other.format) || is.format == Format::Delta {
            return None;
        }
        if is.columns != other.columns {
            let required =
                ["message_id", "sent_at", "sender", "to", "meeting_id", "organizer", "attendees", "start_at"];
            let required = [
                &required[..],
                &["end_at", "email", "account_id", "entra_id", "group_email", "member_email"],
            ]
            .concat();
            let of = |is: &Recognized| -> Vec<_> {
                is.columns.iter().filter(|(key, _)| required.contains(key)).cloned().collect()
            };
            if of(&is) != of(other) {
                return None;
            }
            is.columns.retain(|column| other.columns.contains(column));
        }
        is.attributes.retain(|name| other.attributes.contains(name));
        is.others.retain(|name| other.others.contains(name));
        is.domain = is.domain.filter(|name| other.domain.as_ref() == Some(name));
    }
    Some(is)
}

/// The glob that matches these files and none of the others in their folder.
fn pattern(files: &[&str], names: &[String]) -> Option<String> {
    let (first, last) = (*files.iter().min()?, *files.iter().max()?);
    let begin =
        first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect::<String>();
    let of_end = |text: &str| text.chars().rev().collect::<Vec<_>>();
    let mut end = of_end(first);
    for file in files {
        let other = of_end(&file[begin.len()..]);
        let same = end.iter().zip(&other).take_while(|(a, b)| a == b).count();
        end.truncate(same);
    }
    let end: String = end.into_iter().rev().collect();
    let text = format!("{}*{}", Pattern::escape(&begin), Pattern::escape(&end));
    let pattern = Pattern::new(&text).ok()?;
    let matched = names.iter().filter(|name| pattern.matches(name)).count();
    (matched == files.len() && files.iter().all(|file| pattern.matches(file))).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_nothing_else() {
        let of = |files: &[&str], others: &[&str]| {
            let names = [files, others].concat().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            pattern(files, &names)
        };
        assert_eq!(of(&["mail-1.parquet", "mail-2.parquet"], &["c.csv"]).as_deref(), Some("mail-*.parquet"));
        assert_eq!(of(&["a.parquet", "b.parquet"], &["c.csv"]).as_deref(), Some("*.parquet"));
        assert_eq!(of(&["a.parquet", "b.parquet"], &["c.parquet"]), None);
        assert_eq!(of(&["m11.csv", "m1.csv"], &[]).as_deref(), Some("m1*.csv"));
        assert_eq!(of(&["[a]1.csv", "[a]2.csv"], &[]).as_deref(), Some("[[]a[]]*.csv"));
    }

    #[test]
    fn units_of_one_section_are_read_together() {
        let unit = |path: &str, section, columns: &[(&'static str, &str)]| {
            let columns = columns.iter().map(|(key, name)| (*key, vec![(*name).to_owned()])).collect();
            let (domain, attributes, others) = (None, vec![], vec![]);
            let is = Recognized { section, format: Format::Csv, columns, domain, attributes, others };
            Found { path: path.to_owned(), is }
        };
        let paths = |units: Vec<Found>, below: &str, names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let has_misfits = names.len() > units.len();
            let combined = combined(units, below, &names, has_misfits);
            combined.into_iter().map(|found| found.path).collect::<Vec<_>>()
        };
        let two = || vec![unit("c/a.csv", "contacts", &[]), unit("c/b.csv", "contacts", &[])];
        assert_eq!(paths(two(), "c/", &["a.csv", "b.csv"]), ["c/"]);
        assert_eq!(paths(two(), "c/", &["a.csv", "b.csv", "x.csv"]), ["c/a.csv", "c/b.csv"]);
        let other = vec![unit("c/a.csv", "contacts", &[("email", "x")]), unit("c/b.csv", "contacts", &[])];
        assert_eq!(paths(other, "c/", &["a.csv", "b.csv"]), ["c/a.csv", "c/b.csv"]);
        let optional =
            vec![unit("c/a.csv", "contacts", &[("contact_id", "x")]), unit("c/b.csv", "contacts", &[])];
        let alike = all_alike(&optional).unwrap();
        assert!(alike.columns.is_empty());
        let root =
            vec![unit("m1.csv", "users", &[]), unit("m2.csv", "users", &[]), unit("a.csv", "accounts", &[])];
        assert_eq!(paths(root, "", &["a.csv", "m1.csv", "m2.csv"]), ["m*.csv", "a.csv"]);
    }
}
