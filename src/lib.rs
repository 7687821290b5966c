//! Account engagement from mail and meetings, as an Apache DataFusion extension.

pub mod enrichment;
pub mod error;
pub mod functions;
