//! The options that bound what a command takes of the machine; every command has them that computes.

use std::path::PathBuf;

use clap::Args;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_engagement::error::Result;
use datafusion_engagement::memory::Resources;
use datafusion_engagement::session;

/// Bounds on memory, and where the rest goes.
#[derive(Args)]
pub struct Bounds {
    /// The most memory to take, such as 2GB or 512MiB [default: 60 % of the machine's]. What does not
    /// fit is put on disk for a while.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    memory_limit: Option<usize>,
    /// The folder for what does not fit into memory [default: the system's for temporary files].
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
}

impl Bounds {
    /// A session within these bounds.
    pub fn session(&self) -> Result<SessionContext> {
        let resources = Resources { memory_limit: self.memory_limit, spill_dir: self.spill_dir.clone() };
        session::with_resources(SessionConfig::new(), &resources)
    }
}

/// The units of a size, by their names in lower case.
const UNITS: [(&str, usize); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
];
/// With less than this not even a small enrichment can be run.
const LEAST: usize = 32 << 20;

/// A size with its unit as bytes.
fn bytes(text: &str) -> Result<usize, String> {
    let lower = text.trim().to_lowercase();
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((lower.strip_suffix(name)?, *bytes)));
    let (number, unit) = unit.ok_or("a size needs a unit, such as 2GB or 512MiB")?;
    let number: f64 = number.trim().parse().map_err(|_| format!("'{}' is no number", number.trim()))?;
    let bytes = number * unit as f64;
    if bytes.is_nan() || bytes < LEAST as f64 {
        return Err(format!("at least {} MiB are needed", LEAST >> 20));
    }
    Ok(bytes as usize)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("512 MiB"), Ok(512 << 20));
        assert_eq!(bytes("0.5g"), Ok(1 << 29));
        for wrong in ["", "2", "GB", "-1GB", "nanGB", "1KB", "2TB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
