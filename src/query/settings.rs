//! The settings that a statement can change. All others are refused: some lift a limit (`datafusion.runtime.*` replaces
//! the memory pool and the spill files), and names and plans depend on others.

use std::ops::RangeInclusive;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{LogicalPlan, Statement};

use crate::error::{Error, Result};

/// The settings that `SET` and `RESET` can change. docs/command-line.md has the same list.
const PERMITTED: [&str; 10] = [
    BATCH_SIZE,
    "datafusion.execution.time_zone",
    "datafusion.explain.logical_plan_only",
    "datafusion.explain.physical_plan_only",
    "datafusion.explain.show_schema",
    "datafusion.explain.show_sizes",
    "datafusion.explain.show_statistics",
    "datafusion.optimizer.prefer_hash_join",
    "datafusion.sql_parser.default_null_ordering",
    "datafusion.sql_parser.parse_float_as_decimal",
];

const BATCH_SIZE: &str = "datafusion.execution.batch_size";
/// Operators reserve memory for a batch, also for one that does not become full.
const BATCH_SIZES: RangeInclusive<usize> = 1..=65_536;

/// What to do instead, by the beginning of the name.
const INSTEAD: [(&str, &str); 7] = [
    ("datafusion.runtime.memory_limit", "give --memory-limit when you start the command"),
    ("datafusion.runtime.temp_directory", "give --spill-dir when you start the command"),
    ("datafusion.runtime", "--memory-limit and --spill-dir limit the resources of the command"),
    (
        "datafusion.sql_parser.recursion_limit",
        "nest the statement less deeply: put parts of it into WITH queries or views",
    ),
    ("datafusion.sql_parser.dialect", "case-insensitive names need the generic dialect"),
    ("datafusion.sql_parser.enable_ident_normalization", "case-insensitive names need it to be as it is"),
    ("datafusion.execution.collect_statistics", "with it, plans would show values of the inputs"),
];

/// Refuses a plan that changes a setting which is not in [`PERMITTED`]. A prefix that several settings have would reset
/// all of them, and is not in the list.
pub(crate) fn refuse_settings(plan: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        refused = match node {
            LogicalPlan::Statement(Statement::SetVariable(set)) => {
                refusal("SET", &set.variable, Some(&set.value))
            }
            LogicalPlan::Statement(Statement::ResetVariable(reset)) => {
                refusal("RESET", &reset.variable, None)
            }
            _ => None,
        };
        Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    refused.map_or(Ok(()), |why| Err(Error::query(why)))
}

/// Why a setting cannot be changed; `None` if it can.
fn refusal(word: &str, variable: &str, value: Option<&str>) -> Option<String> {
    let name = variable.to_lowercase();
    if PERMITTED.contains(&name.as_str()) {
        let is_wrong = |value: &str| !value.trim().parse().is_ok_and(|size| BATCH_SIZES.contains(&size));
        let (least, most) = BATCH_SIZES.into_inner();
        return value
            .filter(|value| name == BATCH_SIZE && is_wrong(value))
            .map(|_| format!("{word} {name} takes a whole number from {least} to {most}"));
    }
    let instead = INSTEAD.iter().find(|(begin, _)| {
        name.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    let instead = instead.map_or_else(
        || format!("the settings that can change are {}", PERMITTED.join(", ")),
        |(_, instead)| (*instead).to_owned(),
    );
    Some(format!("{word} {name} is not permitted; {instead}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_else_is_refused() {
        for (name, says) in [
            ("datafusion.runtime.memory_limit", "is not permitted; give --memory-limit when"),
            ("DataFusion.Runtime.Temp_Directory", "is not permitted; give --spill-dir when"),
            (
                "datafusion.runtime.max_temp_directory_size",
                "is not permitted; --memory-limit and --spill-dir",
            ),
            ("datafusion.runtime", "is not permitted; --memory-limit and --spill-dir"),
            ("datafusion.sql_parser.recursion_limit", "is not permitted; nest the statement less deeply"),
            ("datafusion.execution.target_partitions", "is not permitted; the settings that can change are "),
            ("datafusion.execution.max_spill_merge_fan_in", "is not permitted; the settings"),
            ("datafusion.execution", "is not permitted; the settings"),
            ("datafusion.execution.batch_size.x", "is not permitted; the settings"),
            ("datafusion", "is not permitted; the settings"),
            ("x", "is not permitted; the settings"),
        ] {
            for (word, value) in [("SET", Some("1")), ("RESET", None)] {
                let refused = refusal(word, name, value).unwrap_or_default();
                let begin = format!("{word} {} ", name.to_lowercase());
                assert!(refused.starts_with(&begin) && refused.contains(says), "{refused}");
            }
        }
    }

    #[test]
    fn what_is_permitted() {
        for name in PERMITTED {
            assert_eq!(refusal("RESET", &name.to_uppercase(), None), None);
            assert_eq!(refusal("SET", name, Some("100")), None);
        }
        for size in ["0", "65537", "1000000000000000", "-1", "many", ""] {
            let refused = refusal("SET", BATCH_SIZE, Some(size)).unwrap();
            assert!(refused.ends_with("takes a whole number from 1 to 65536"), "{refused}");
        }
    }

    /// Every name is one that the engine has, and the documentation has the same list.
    #[test]
    fn the_list_is_that_of_the_documentation() {
        let page = include_str!("../../docs/command-line.md");
        let (_, table) = page.split_once("| setting |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let names: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        assert_eq!(names, PERMITTED);
        let known = datafusion::prelude::SessionConfig::new().options().entries();
        assert!(PERMITTED.iter().all(|name| known.iter().any(|entry| entry.key == *name)));
    }
}
