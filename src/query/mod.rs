//! SQL as a user writes it: sessions over the inputs or the published tables, names in any case, the
//! statements that are permitted, and segments.

mod checked_arithmetic;
mod clauses;
mod date_numbers;
mod errors;
mod external_tables;
mod identifier_roles;
pub mod identifiers;
mod merged_columns;
mod missing_functions;
mod missing_names;
mod path_names;
mod quote_identifiers;
pub mod segments;
pub mod session;
mod settings;
pub mod statements;
mod syntax;
mod table_paths;
#[cfg(test)]
pub(crate) mod testing;
