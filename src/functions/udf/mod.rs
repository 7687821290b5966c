//! Helpers to declare functions: signatures, accumulators, sets, and strings in every encoding.

pub(crate) mod booleans;
pub(crate) mod declare;
pub(crate) mod group_sets;
pub(crate) mod grouped;
pub(crate) mod sets;
pub(crate) mod strings;
