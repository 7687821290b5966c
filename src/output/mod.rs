//! What is published: which tables, how they are written, how they replace those of the run
//! before, how they are read again.

mod describe;
mod destination;
mod history;
mod manifest;
mod published;
mod store;
mod tables;
mod target;
mod write;

pub use describe::Description;
pub(crate) use destination::Destination;
pub use published::register;
pub use tables::{TABLES, Table};
pub(crate) use write::write;
