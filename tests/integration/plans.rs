//! The physical plan of each stage of a run, and of each published view, is an approved text file. A review
//! then shows a lost pushdown or an additional operator.
//!
//! `APPROVE_PLANS=1 cargo test --test integration plans` writes the files again; review them before you
//! commit.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::displayable;
use datafusion_engagement::query::session;
use datafusion_engagement::views::{Layer, Parameters, VIEWS};

use crate::support::{block_on, bundled, data, session};

#[test]
fn plans_are_as_approved() {
    let approved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let approve = std::env::var_os("APPROVE_PLANS").is_some();
    let folder = tempfile::tempdir().unwrap();
    let mut changed = vec![];
    block_on(async {
        let (ctx, enrichment) = (session(2, 8192), bundled(folder.path()));
        session::register_inputs(&ctx, &enrichment).await.unwrap();
        let parameters = Parameters::of(&enrichment);
        for view in VIEWS {
            view.register(&ctx, &parameters).await.unwrap();
            if !view.materialized && view.layer != Layer::Office {
                continue;
            }
            let name = TableReference::bare(view.name);
            let plan = ctx.table(name.clone()).await.unwrap().create_physical_plan().await.unwrap();
            // The next stages read a materialized view as a table.
            if view.materialized {
                ctx.deregister_table(name.clone()).unwrap();
                let rows = MemTable::try_new(plan.schema(), vec![vec![], vec![]]).unwrap();
                ctx.register_table(name, Arc::new(rows)).unwrap();
            }
            let files = data().display().to_string();
            let plan = displayable(plan.as_ref()).indent(false).to_string().replace(&files[1..], "data");
            let file = approved.join(format!("{}.txt", view.name.to_lowercase()));
            if approve {
                fs::write(&file, plan).unwrap();
            } else if fs::read_to_string(&file).ok().as_ref() != Some(&plan) {
                changed.push(format!("{}:\n{plan}", file.display()));
            }
        }
    });
    assert!(
        changed.is_empty(),
        "these plans are not as approved; see the head of this test\n{}",
        changed.join("\n")
    );
}

/// If no domain is mapped, what finds people by domain reads no file.
#[test]
fn without_domains_mail_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let (ctx, mut enrichment) = (session(2, 8192), bundled(folder.path()));
        for mapped in [true, false] {
            if !mapped {
                enrichment.accounts.as_mut().unwrap().domains.clear();
            }
            let ctx = if mapped { ctx.clone() } else { session(2, 8192) };
            session::register_inputs(&ctx, &enrichment).await.unwrap();
            for view in VIEWS {
                view.register(&ctx, &Parameters::of(&enrichment)).await.unwrap();
            }
            let plan = ctx.table("domain_address").await.unwrap().create_physical_plan().await.unwrap();
            let plan = displayable(plan.as_ref()).indent(false).to_string();
            assert_eq!(plan.contains("file_groups"), mapped, "{plan}");
        }
    });
}
