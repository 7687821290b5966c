//! The `engagement` command.

fn main() {}
