//! The physical plan of each published view is an approved text, so that a pushdown that is lost or an
//! operator that comes in is seen in review.
//!
//! `APPROVE_PLANS=1 cargo test --test integration plans` writes them anew, to be read before they are
//! committed.

use std::fs;
use std::path::Path;

use datafusion::physical_plan::displayable;
use datafusion_engagement::session;
use datafusion_engagement::views::{Layer, VIEWS};

use crate::support::{block_on, bundled, data, session};

#[test]
fn plans_are_as_approved() {
    let approved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let approve = std::env::var_os("APPROVE_PLANS").is_some();
    let folder = tempfile::tempdir().unwrap();
    let mut changed = vec![];
    block_on(async {
        let ctx = session(2, 8192);
        session::live_on(&ctx, &bundled(folder.path())).await.unwrap();
        for view in VIEWS.iter().filter(|v| v.layer == Layer::Office) {
            let frame = ctx.table(format!("\"{}\"", view.name)).await.unwrap();
            let plan = frame.create_physical_plan().await.unwrap();
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
