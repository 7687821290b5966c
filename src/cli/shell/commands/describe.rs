//! Lists tables, columns and functions.

use datafusion::common::TableReference;
use datafusion::logical_expr::TableType;
use datafusion::prelude::SessionContext;

use crate::cli::functions::Function;
use crate::cli::text::{aligned, visible};
use crate::error::numbers::count;
use crate::error::{Error, Result};
use crate::query::statements::Statements;

/// All tables and views, one per line.
pub async fn tables(ctx: &SessionContext) -> Result<String> {
    let mut rows = vec![];
    for (catalog, schema) in schemas(ctx) {
        let Some(provider) = ctx.catalog(&catalog).and_then(|c| c.schema(&schema)) else { continue };
        for name in provider.table_names() {
            let Some(table) = provider.table(&name).await? else { continue };
            let kind = match table.table_type() {
                TableType::Base => "table",
                TableType::View => "view",
                TableType::Temporary => "temporary",
            };
            let place = if schema == "public" { String::new() } else { format!("{schema}.") };
            rows.push(vec![place + &name, kind.to_owned(), count(table.schema().fields().len(), "column")]);
        }
    }
    rows.sort_by_key(|row| row[0].to_lowercase());
    Ok(lines(&rows))
}

/// All schemas but `information_schema`, each with its catalog.
fn schemas(ctx: &SessionContext) -> Vec<(String, String)> {
    let catalogs = ctx.catalog_names().into_iter();
    let schemas = catalogs.flat_map(|catalog| {
        let schemas = ctx.catalog(&catalog).map(|c| c.schema_names()).unwrap_or_default();
        schemas.into_iter().map(move |schema| (catalog.clone(), schema))
    });
    schemas.filter(|(_, schema)| schema != "information_schema").collect()
}

/// The columns of a table with their types, one per line. For a view, its SQL.
///
/// # Errors
/// There is no such table.
pub async fn table(session: &Statements, name: &str) -> Result<String> {
    // An unknown name is planned as a statement, because the engine has the better error message.
    let unquoted = name.trim_matches('"');
    let known = session.names().table(unquoted).map_or(unquoted, |t| &t.name);
    let (schema, sql) = match session.context().table_provider(TableReference::bare(known)).await {
        Ok(table) => (table.schema(), table.get_table_definition().map(str::to_owned)),
        Err(_) => {
            let plan = session.logical_plan(&format!("select * from {name}")).await?;
            (plan.schema().inner().clone(), None)
        }
    };
    let rows = schema.fields().iter().map(|field| {
        let null = if field.is_nullable() { "" } else { "not null" };
        vec![field.name().clone(), field.data_type().to_string(), null.to_owned()]
    });
    let columns = lines(&rows.collect::<Vec<_>>());
    let sql = sql.map(|sql| sql.trim().lines().map(|line| visible(line) + "\n").collect::<String>());
    Ok(columns + &sql.map(|sql| format!("\nSQL of the view:\n{sql}")).unwrap_or_default())
}

/// The functions whose names match a pattern, one per line. For the full name of a function, its
/// documentation.
///
/// # Errors
/// The pattern is wrong, or no function matches.
pub fn functions(ctx: &SessionContext, pattern: Option<&str>) -> Result<String> {
    let state = ctx.state();
    let scalar = state.scalar_functions().iter().map(|(name, f)| (name, "scalar", f.documentation()));
    let aggregate =
        state.aggregate_functions().iter().map(|(name, f)| (name, "aggregate", f.documentation()));
    let window = state.window_functions().iter().map(|(name, f)| (name, "window", f.documentation()));
    let mut all: Vec<Function> = scalar
        .chain(aggregate)
        .chain(window)
        .map(|(name, kind, documentation)| Function {
            name: name.clone(),
            kind,
            documentation: documentation.cloned(),
        })
        .collect();
    all.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    let pattern = pattern.map(str::to_lowercase);
    if let Some(pattern) = &pattern {
        let exact: Vec<String> = all.iter().filter(|f| f.name == *pattern).map(Function::explain).collect();
        if !exact.is_empty() {
            return Ok(exact.join("\n"));
        }
        let pattern = glob::Pattern::new(&if pattern.contains(['*', '?']) {
            pattern.clone()
        } else {
            format!("*{pattern}*")
        })
        .map_err(|e| Error::query(format!("{pattern} is not a valid pattern: {e}")))?;
        all.retain(|f| pattern.matches(&f.name));
    }
    if all.is_empty() {
        return Err(Error::query("no function matches the pattern"));
    }
    Ok(lines(&all.iter().map(|f| vec![f.name.clone(), f.kind.to_owned(), f.summary()]).collect::<Vec<_>>()))
}

/// One line per row, with aligned columns.
fn lines(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    aligned(&rows, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing;

    #[tokio::test]
    async fn a_view_is_shown_with_its_sql() {
        let mut session = Statements::new(testing::published().await).await.unwrap();
        let columns = table(&session, "officE_overview").await.unwrap();
        assert!(columns.starts_with("Enrichment ") && !columns.contains("SQL"), "{columns}");
        session.plan("create view Top as select name from customercard where emails > 50").await.unwrap();
        let view = table(&session, "top").await.unwrap();
        assert!(view.contains("\n\nSQL of the view:\nCREATE VIEW "), "{view}");
        assert!(
            view.ends_with(" AS SELECT \"Name\" FROM \"CustomerCard\" WHERE \"Emails\" > 50\n"),
            "{view}"
        );
        assert!(table(&session, "offic").await.unwrap_err().to_string().contains("did you mean Office?"));
    }
}
