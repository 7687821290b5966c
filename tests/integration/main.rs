//! What the project as a whole promises, on its own bundled data and through its public doors.

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
mod score;
mod slt;
mod spilling;
mod stores;
mod support;
mod withheld;
mod worked;
