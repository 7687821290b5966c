//! Tests of the generated data as a whole.

mod bundled;
mod same_bytes;
mod situations;

use crate::organization::Organization;
use crate::plan::{Plan, Sizes};

/// An organization of this size.
fn organization(sizes: Sizes) -> Organization {
    Organization::new(Plan::new(sizes, crate::AS_OF.parse().unwrap(), 1))
}
