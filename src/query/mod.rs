//! SQL as a user writes it: sessions over the inputs or the published tables, names in any case, the
//! statements that are permitted, and segments.

mod errors;
mod identifier_roles;
pub mod identifiers;
mod quote_identifiers;
pub mod segments;
pub mod session;
pub mod statements;
mod syntax;
#[cfg(test)]
pub(crate) mod testing;
