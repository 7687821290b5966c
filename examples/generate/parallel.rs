//! Writes the parts of a table on several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::canonical::Result;

/// Calls `write` for each part, on `threads` threads; returns the sum of its results.
///
/// # Errors
/// A part cannot be written; the parts after it are left out.
pub fn write<P: Sync>(parts: &[P], threads: usize, write: impl Fn(&P) -> Result<u64> + Sync) -> Result<u64> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = write(part);
            let failed = result.is_err();
            if let Ok(mut results) = results.lock() {
                results.push(result);
            }
            if failed {
                next.store(parts.len(), Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, parts.len()) {
            scope.spawn(work);
        }
    });
    results.into_inner().map_err(|error| error.to_string())?.into_iter().sum()
}
