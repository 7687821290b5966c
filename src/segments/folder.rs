//! The user's segments: `segments/*.sql` beside the enrichment file.

use std::path::PathBuf;

use super::Segment;
use crate::enrichment::Enrichment;

/// The files as segments, by name; those that cannot be read or named are broken.
pub(super) fn read(enrichment: &Enrichment) -> Vec<Segment> {
    let Ok(entries) = std::fs::read_dir(enrichment.resolve("segments")) else { return vec![] };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| is_sql(p)).collect();
    paths.sort();
    paths.into_iter().map(segment).collect()
}

fn is_sql(path: &std::path::Path) -> bool {
    let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql")) && !path.is_dir()
}

fn segment(path: PathBuf) -> Segment {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (sql, unreadable) = match std::fs::read_to_string(&path) {
        Ok(sql) => (sql, None),
        Err(error) => (String::new(), Some(format!("cannot be read: {error}"))),
    };
    let unnamed = (!name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        || name.replace('_', "").is_empty())
    .then(|| "rename the file: a segment's name has letters without accents, digits and _ only".to_owned());
    Segment { broken: unnamed.or(unreadable), ..Segment::new(name, sql, Some(path)) }
}
