//! Checks the number of listed mailboxes.

use datafusion::prelude::SessionContext;

use crate::config::{self, Enrichment};
use crate::error::{Error, Result};

/// The view with one row per listed mailbox, after groups are resolved.
pub(crate) const MAILBOX: &str = "mailbox";

/// Checks the number of mailboxes after groups are resolved, and returns it.
///
/// # Errors
/// The number is not within [`config::MAILBOXES`].
pub(crate) async fn check_mailboxes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<usize> {
    let mailboxes = ctx.table(MAILBOX).await?.count().await?;
    let (least, most) = config::MAILBOXES;
    if (least..=most).contains(&mailboxes) {
        return Ok(mailboxes);
    }
    Err(Error::enrichment(format!(
        "{}: [mailboxes] lists {mailboxes} mailboxes after groups are resolved; {least} to {most} are needed",
        enrichment.file.display()
    )))
}
