//! What the project as a whole promises, on its own bundled data and through its public doors.

mod documentation;
mod doors;
mod files;
mod installed;
mod int96;
mod invariance;
mod layers;
mod oracle;
mod places;
mod plain;
mod readers;
mod score;
mod slt;
mod stores;
mod support;
mod worked;
