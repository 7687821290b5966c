//! Test helpers for functions: calls with every shape of arguments, damaged input, memory size.

pub(crate) mod damaged_input;
pub(crate) mod memory_size;
pub(crate) mod tester;
