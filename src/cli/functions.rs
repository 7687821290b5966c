//! `engagement functions`: the SQL functions of this project, with their documentation.

use std::sync::Arc;

use clap::Args;
use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::Documentation;

use super::format::{Format, Layout};
use super::out::{self, written};
use super::results::binary_to_terminal;
use crate::error::suggest::nearest;
use crate::error::{Error, Result};
use crate::functions;
use crate::functions::udf::declare::GROUPS;

/// List the SQL functions of this project, or explain one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement functions
  engagement functions normalize_address")]
pub struct Functions {
    /// The function to explain, with its syntax, arguments and an example.
    name: Option<String>,
    /// The format of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Functions {
    pub fn run(self) -> Result<()> {
        if self.format == Format::Parquet && out::is_terminal() {
            return Err(binary_to_terminal());
        }
        let all = Function::all();
        let Some(name) = self.name else { return print_list(&all, self.format) };
        match all.iter().find(|f| f.name.eq_ignore_ascii_case(&name)) {
            Some(function) if self.format == Format::Table => out::print(&function.explain()),
            Some(function) => print_list(std::slice::from_ref(function), self.format),
            None => {
                let near = nearest(&name, all.iter().map(|f| f.name.as_str()));
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                Err(Error::query(format!("no function named {name} in this project{near}")))
            }
        }
    }
}

/// An SQL function and its documentation.
pub struct Function {
    pub name: String,
    /// `aggregate`, `scalar` or `window`.
    pub kind: &'static str,
    pub documentation: Option<Documentation>,
}

impl Function {
    fn all() -> Vec<Function> {
        let scalar = functions::all_scalar().into_iter().map(|f| Function {
            name: f.name().to_owned(),
            kind: "scalar",
            documentation: f.documentation().cloned(),
        });
        let aggregate = functions::all_aggregate().into_iter().map(|f| Function {
            name: f.name().to_owned(),
            kind: "aggregate",
            documentation: f.documentation().cloned(),
        });
        let mut all: Vec<Function> = aggregate.chain(scalar).collect();
        let group = |function: &Function| GROUPS.iter().position(|group| group.label == function.group());
        all.sort_by(|a, b| group(a).cmp(&group(b)).then(a.name.cmp(&b.name)));
        all
    }

    /// What the function is for: own SQL, a step of the enrichment, or inspection.
    fn group(&self) -> &str {
        self.documentation.as_ref().map_or("", |d| d.doc_section.label)
    }

    fn documented(&self, part: impl Fn(&Documentation) -> &str) -> String {
        self.documentation.as_ref().map(|d| part(d).trim().to_owned()).unwrap_or_default()
    }

    /// The first sentence of the description, on one line.
    pub fn summary(&self) -> String {
        self.documentation.as_ref().map(functions::summary).unwrap_or_default()
    }

    /// The full documentation as text.
    pub fn explain(&self) -> String {
        let Some(documentation) = &self.documentation else {
            return format!("{} ({}): not documented\n", self.name, self.kind);
        };
        let mut text = format!("{} ({})\n\n", documentation.syntax_example.trim(), self.kind);
        text += &format!("{}\n", documentation.description.trim());
        if let Some(syntax) = documentation.alternative_syntax.as_ref().filter(|s| !s.is_empty()) {
            text += &format!("\nAlso\n{}", syntax.iter().map(|s| format!("  {s}\n")).collect::<String>());
        }
        if let Some(arguments) = documentation.arguments.as_ref().filter(|a| !a.is_empty()) {
            let width = arguments.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
            text += "\nArguments\n";
            for (name, meaning) in arguments {
                text += &format!("  {name:width$}  {}\n", meaning.trim());
            }
        }
        if let Some(example) = &documentation.sql_example {
            // Documentation is Markdown. Here the indentation replaces the fence.
            let lines = example.trim().lines().filter(|line| !line.trim_start().starts_with("```"));
            text += &format!("\nExample\n{}", lines.map(|line| format!("  {line}\n")).collect::<String>());
        }
        if let Some(related) = documentation.related_udfs.as_ref().filter(|r| !r.is_empty()) {
            text += &format!("\nSee also: {}\n", related.join(", "));
        }
        text
    }
}

fn print_list(functions: &[Function], format: Format) -> Result<()> {
    let columns = [
        ("Function", functions.iter().map(|f| Some(f.name.clone())).collect::<StringArray>()),
        ("Group", functions.iter().map(|f| Some(f.group())).collect()),
        ("Kind", functions.iter().map(|f| Some(f.kind)).collect()),
        ("Description", functions.iter().map(|f| Some(f.summary())).collect()),
    ];
    // The formats for programs have room for the full documentation.
    let more = [
        (
            "Syntax",
            functions.iter().map(|f| Some(f.documented(|d| &d.syntax_example))).collect::<StringArray>(),
        ),
        ("Documentation", functions.iter().map(|f| Some(f.explain())).collect()),
    ];
    let columns: Vec<_> =
        if format == Format::Table { columns.into() } else { columns.into_iter().chain(more).collect() };
    let fields: Vec<Field> =
        columns.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, column)| Arc::new(column) as _).collect();
    let batch = written(RecordBatch::try_new(Arc::clone(&schema), arrays))?;
    let mut out = out::stdout();
    let mut sink = format.sink(&schema, Layout::listing(), &mut out)?;
    sink.write(&batch)?;
    sink.finish()?;
    written(std::io::Write::flush(&mut out))
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::DocSection;

    use super::*;

    fn function() -> Function {
        let section = DocSection { include: true, label: "Mail", description: None };
        let documentation = Documentation::builder(section, "Says\n  hello. And more.", "hello(name)")
            .with_argument("name", "whom to greet")
            .with_argument("times", "how often")
            .with_sql_example("```sql\nselect hello('Anna')\n```")
            .build();
        Function { name: "hello".into(), kind: "scalar", documentation: Some(documentation) }
    }

    #[test]
    fn the_summary_is_one_sentence() {
        assert_eq!(function().summary(), "Says hello.");
        assert_eq!(Function { documentation: None, ..function() }.summary(), "");
    }

    #[test]
    fn the_full_text() {
        let expected = "\
hello(name) (scalar)

Says
  hello. And more.

Arguments
  name   whom to greet
  times  how often

Example
  select hello('Anna')
";
        assert_eq!(function().explain(), expected);
    }
}
