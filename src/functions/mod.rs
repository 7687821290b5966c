//! The functions this crate adds to SQL, one per file.

pub mod normalize_address;
