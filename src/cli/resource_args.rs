//! The options that limit the memory of a command. Every command that computes has them.

use std::path::PathBuf;

use clap::Args;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::engine::memory::Resources;
use crate::error::Result;
use crate::query::session;

/// The memory limit, and the folder for data that does not fit.
#[derive(Args)]
pub struct ResourceArgs {
    /// The memory limit, such as 2GB or 512MiB [default: 60 % of the machine's memory]. Data that does
    /// not fit is spilled to disk.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    memory_limit: Option<usize>,
    /// The folder for spilled data [default: the system's folder for temporary files].
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
}

impl ResourceArgs {
    /// A session with these limits.
    ///
    /// # Errors
    /// The folder for spilled data cannot be used.
    pub fn session(&self) -> Result<SessionContext> {
        session::with_resources(SessionConfig::new(), &self.resources())
    }

    /// The memory limit in bytes, or its default; `None` if neither is known.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.resources().limit()
    }

    fn resources(&self) -> Resources {
        Resources { memory_limit: self.memory_limit, spill_dir: self.spill_dir.clone() }
    }
}

/// The units of a size: the name in lower case, and the number of bytes.
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
/// The smallest memory limit in bytes. With less, not even a small enrichment can run.
const LEAST: usize = 32 << 20;

/// Parses a size with its unit. Returns bytes.
///
/// # Errors
/// The unit is missing or unknown, the number is wrong, or the size is less than [`LEAST`].
fn bytes(text: &str) -> Result<usize, String> {
    let lower = text.trim().to_lowercase();
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((lower.strip_suffix(name)?, *bytes)));
    let (number, unit) = unit.ok_or("a size needs a unit, such as 2GB or 512MiB")?;
    let number: f64 = number.trim().parse().map_err(|_| format!("'{}' is not a number", number.trim()))?;
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
