//! What is published: which tables, how they are written, how they replace those of the run
//! before, how they are read again.

mod describe;
mod published;
mod tables;
mod target;
mod write;

pub use describe::Description;
pub use published::register;
pub use tables::{TABLES, Table};
pub(crate) use target::Target;
pub(crate) use write::write;
