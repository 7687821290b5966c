//! SQL as a user writes it: sessions over the inputs or the published tables, names in any case, the
//! statements that are permitted, and segments.

mod checked_arithmetic;
mod clauses;
mod errors;
mod identifier_roles;
pub mod identifiers;
mod missing_names;
mod quote_identifiers;
pub mod segments;
pub mod session;
mod settings;
pub mod statements;
mod syntax;
mod table_paths;
#[cfg(test)]
pub(crate) mod testing;
