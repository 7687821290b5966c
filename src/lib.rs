//! Account engagement from mail and meetings, as an Apache DataFusion extension.

pub mod check;
pub mod enrichment;
pub mod error;
pub mod functions;
pub mod output;
pub mod run;
pub mod session;
pub mod source;
pub mod views;
