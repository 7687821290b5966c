//! What the project promises as a whole, tested on its bundled data through its public interfaces.

mod bad_files;
mod bad_rows;
#[cfg(feature = "delta")]
mod delta;
mod documentation;
mod doors;
mod files;
mod installed;
mod int96;
mod interruption;
mod invariance;
mod layers;
mod oracle;
mod places;
mod plain;
mod plans;
mod privacy;
mod process;
mod readers;
mod rooms;
mod score;
mod slt;
mod spilling;
mod stores;
mod support;
mod suppressed;
mod worked;
