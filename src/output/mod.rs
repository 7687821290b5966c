//! What is published: which tables, how they are written, how they replace those of the run
//! before, how they are read again.

mod describe;
mod destination;
mod history;
pub(crate) mod manifest;
mod published;
pub(crate) mod store;
mod tables;
mod target;
mod write;

pub use describe::Description;
pub(crate) use destination::{Destination, Draft};
#[cfg(feature = "delta")]
pub(crate) use destination::{Output, place};
pub(crate) use published::Opened;
pub use published::register;
pub use tables::{TABLES, Table};
#[cfg(feature = "delta")]
pub(crate) use target::{HIDDEN, RUN, lock_home};
pub(crate) use write::write;
