//! The companies that the profile does not know: the domains of addresses that belong to no account, and the
//! engagement with them.
//!
//! Each company is an account of an address book of its own, and the views of a run merge and credit the copies. The
//! result is computed from the inputs and not published.

use datafusion::prelude::{DataFrame, SessionContext, ident, lit};

use super::mailboxes::{MAILBOX, check_mailboxes};
use super::materialize::materialize;
use super::progress::Progress;
use crate::config::Enrichment;
use crate::error::Result;
use crate::inputs;
use crate::views::{Layer, Parameters, View};

/// The view of a run that is replaced.
const ADDRESS_BOOK: &str = "address_book";

/// The views that replace it, in the order of their dependencies.
const VIEWS: [View; 5] = [
    view("seen_domain", include_str!("../../sql/companies/seen_domain.sql")),
    view("company_domain", include_str!("../../sql/companies/company_domain.sql")),
    view("company_book", include_str!("../../sql/companies/company_book.sql")),
    view("company_address", include_str!("../../sql/companies/company_address.sql")),
    view(ADDRESS_BOOK, include_str!("../../sql/companies/address_book.sql")),
];

/// The result, and the views of a run that it reads.
const COMPANY: View = view("company", include_str!("../../sql/companies/company.sql"));
const ENGAGED: [&str; 3] = ["message_account", "meeting_account", "own_people"];

const fn view(name: &'static str, sql: &'static str) -> View {
    View { name, layer: Layer::Inspect, sql, materialized: true }
}

/// The companies with at least `min_people` people of theirs, the ones with most messages and meetings first, then by
/// domain: Domain, Messages, Meetings, People, OurPeople, FirstDay, LastDay. With `[privacy] min_people`, companies are
/// left out as accounts are suppressed, and OurPeople is in steps of it. The session must have the functions of this crate and must not have its
/// tables.
///
/// # Errors
/// An input is wrong, or the engine fails.
pub async fn companies(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    min_people: u32,
    progress: &dyn Progress,
) -> Result<DataFrame> {
    progress.stage("inputs");
    let sources = inputs::register(ctx, enrichment).await?;
    inputs::reading(ctx, &sources, compute(ctx, enrichment, progress)).await?;
    let size = ident("Messages") + ident("Meetings");
    let is_large = ident("People").gt_eq(lit(i64::from(min_people)));
    let order = vec![size.sort(false, false), ident("Domain").sort(true, false)];
    Ok(ctx.table(COMPANY.name).await?.filter(is_large)?.sort(order)?)
}

async fn compute(ctx: &SessionContext, enrichment: &Enrichment, progress: &dyn Progress) -> Result<()> {
    let parameters = Parameters::of(enrichment);
    // Contacts are known even if no domain is mapped; then no account knows anybody by domain.
    let with_known = Parameters::of(enrichment).with_domains();
    let known = View::with_dependencies(ctx, &["known_address_book", "own_domain"])?;
    let mut named = ENGAGED.to_vec();
    named.extend(known.iter().map(|view| view.name));
    for view in View::with_dependencies(ctx, &named)? {
        if view.name == ADDRESS_BOOK {
            for view in &VIEWS {
                compute_view(ctx, view, &parameters, progress).await?;
            }
            continue;
        }
        let is_known = view.name == "known_address_book";
        compute_view(ctx, view, if is_known { &with_known } else { &parameters }, progress).await?;
        if view.name == MAILBOX {
            check_mailboxes(ctx, enrichment).await?;
        }
    }
    compute_view(ctx, &COMPANY, &parameters, progress).await
}

/// Registers a view, and computes it if it is materialized.
async fn compute_view(
    ctx: &SessionContext,
    view: &View,
    parameters: &Parameters,
    progress: &dyn Progress,
) -> Result<()> {
    view.register(ctx, parameters).await?;
    if view.materialized {
        progress.stage(view.name);
        materialize(ctx, view.name).await?;
    }
    Ok(())
}
