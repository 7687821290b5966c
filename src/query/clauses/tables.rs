//! Refuses clauses of tables and joins.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Join, JoinConstraint, JoinOperator, TableAlias, TableFactor};

use super::refusal::{Checked, absent, refused};

pub(super) fn join(join: &Join) -> Checked {
    let Join { relation, global, join_operator } = join;
    absent(*global, "GLOBAL JOIN", "write JOIN")?;
    match join_operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)
        | JoinOperator::LeftSemi(on)
        | JoinOperator::RightSemi(on)
        | JoinOperator::LeftAnti(on)
        | JoinOperator::RightAnti(on) => {
            // These read the row before them, and need no condition.
            let lateral = matches!(
                relation,
                TableFactor::UNNEST { .. }
                    | TableFactor::Derived { lateral: true, .. }
                    | TableFactor::Function { lateral: true, .. }
            );
            absent(
                !lateral && matches!(on, JoinConstraint::None),
                "JOIN without ON or USING",
                "write the condition, or CROSS JOIN for all pairs",
            )
        }
        JoinOperator::CrossJoin(JoinConstraint::None) => ControlFlow::Continue(()),
        JoinOperator::CrossJoin(_) => refused("CROSS JOIN with a condition", "write JOIN ... ON"),
        JoinOperator::Semi(_) => refused("SEMI JOIN", "write LEFT SEMI JOIN"),
        JoinOperator::Anti(_) => refused("ANTI JOIN", "write LEFT ANTI JOIN"),
        JoinOperator::CrossApply => refused("CROSS APPLY", "write CROSS JOIN LATERAL (...)"),
        JoinOperator::OuterApply => refused("OUTER APPLY", "write LEFT JOIN LATERAL (...) ON true"),
        JoinOperator::AsOf { .. } => {
            refused("ASOF JOIN", "write JOIN, and QUALIFY row_number() over (...) = 1")
        }
        JoinOperator::StraightJoin(_) => refused("STRAIGHT_JOIN", "write JOIN"),
        JoinOperator::ArrayJoin | JoinOperator::LeftArrayJoin | JoinOperator::InnerArrayJoin => {
            refused("ARRAY JOIN", "write CROSS JOIN unnest(list)")
        }
    }
}

pub(super) fn table_alias(alias: Option<&TableAlias>) -> Checked {
    let Some(TableAlias { explicit: _, name: _, columns, at }) = alias else {
        return ControlFlow::Continue(());
    };
    absent(columns.iter().any(|c| c.data_type.is_some()), "a type in a list of names", "write a cast")?;
    absent(at.is_some(), "AT after the name of a table", "number the rows with row_number() over ()")
}

pub(super) fn table(factor: &TableFactor) -> Checked {
    const ORDINALITY: (&str, &str) = ("WITH ORDINALITY", "number the rows with row_number() over ()");
    const SAMPLE: (&str, &str) =
        ("TABLESAMPLE or SAMPLE", "write WHERE random() < 0.1 for a tenth of the rows");
    match factor {
        TableFactor::Table {
            name: _,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            table_alias(alias.as_ref())?;
            let settings = args.as_ref().is_some_and(|a| a.settings.is_some());
            absent(settings, "SETTINGS", "write SET name = value as a statement of its own")?;
            absent(!with_hints.is_empty(), "WITH (...) after a table", "leave it out: tables have no hints")?;
            absent(version.is_some(), "a version of a table", "read Office_History for earlier runs")?;
            absent(*with_ordinality, ORDINALITY.0, ORDINALITY.1)?;
            absent(!partitions.is_empty(), "PARTITION (...) after a table", "write WHERE")?;
            absent(json_path.is_some(), "a path after a table", "write it after a column")?;
            absent(sample.is_some(), SAMPLE.0, SAMPLE.1)?;
            absent(!index_hints.is_empty(), "a hint about an index", "leave it out: tables have no index")
        }
        TableFactor::Derived { lateral: _, subquery: _, alias, sample } => {
            table_alias(alias.as_ref())?;
            absent(sample.is_some(), SAMPLE.0, SAMPLE.1)
        }
        TableFactor::Function { lateral: _, name: _, args: _, with_ordinality, alias } => {
            table_alias(alias.as_ref())?;
            absent(*with_ordinality, ORDINALITY.0, ORDINALITY.1)
        }
        TableFactor::UNNEST { alias, array_exprs: _, with_offset, with_offset_alias, with_ordinality } => {
            table_alias(alias.as_ref())?;
            absent(*with_ordinality, ORDINALITY.0, ORDINALITY.1)?;
            let offset = *with_offset || with_offset_alias.is_some();
            absent(offset, "WITH OFFSET", ORDINALITY.1)
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            table_alias(alias.as_ref())?;
            table_with_joins.joins.iter().try_for_each(join)
        }
        TableFactor::TableFunction { .. } => refused("TABLE(...)", "write the function without TABLE"),
        TableFactor::Pivot { .. } => {
            refused("PIVOT", "write sum(value) filter (where name = 'a') as a for each column")
        }
        TableFactor::Unpivot { .. } => refused("UNPIVOT", "write a UNION ALL of one SELECT for each column"),
        TableFactor::JsonTable { .. } | TableFactor::OpenJsonTable { .. } | TableFactor::XmlTable { .. } => {
            refused("a table of JSON or XML", "read it with other software")
        }
        TableFactor::MatchRecognize { .. } => refused("MATCH_RECOGNIZE", "write lag() and lead() over (...)"),
        TableFactor::SemanticView { .. } => refused("SEMANTIC_VIEW", "write SELECT ... GROUP BY"),
    }
}
