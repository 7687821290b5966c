//! Ends work that takes too much time or memory.
//!
//! The engine counts the memory of its operators, and refuses what exceeds the memory limit. It does not count what
//! readers and functions allocate: a page that a small file decompresses to, a list that an aggregate makes, a table as
//! text. So the memory of the whole process is watched, too.

use std::future::{Future, pending};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use clap::Args;
use futures::channel::oneshot;

use super::resource_args::ResourceArgs;
use crate::engine::memory::{most_resident, resident};
use crate::error::{Error, ErrorKind, Result};

/// How long a statement may take.
#[derive(Args)]
pub struct TimeoutArgs {
    /// End a statement that takes longer, such as 30s, 5m or 500ms [default: no limit]. Its planning counts, too.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
}

/// What work may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    time: Option<Duration>,
    /// The memory limit, and the bytes that may be resident with it.
    memory: Option<(usize, usize)>,
}

impl Limits {
    /// The limits of a statement.
    pub fn of_statement(resources: &ResourceArgs, timeout: &TimeoutArgs) -> Self {
        Self { time: timeout.timeout, ..Self::of_run(resources) }
    }

    /// The limits of a command that has no time limit.
    pub fn of_run(resources: &ResourceArgs) -> Self {
        Self { time: None, memory: resources.limit().map(|limit| (limit, most_resident(limit))) }
    }

    /// The error for work that has begun at this time, if it exceeds a limit.
    fn exceeded(&self, began: Instant) -> Option<Error> {
        if let Some(time) = self.time.filter(|time| began.elapsed() >= *time) {
            let what = format!("not done within {time:?}; give --timeout more time, or ask for less");
            return Some(Error::new(ErrorKind::TimedOut, what));
        }
        let (limit, most) = self.memory?;
        let resident = resident().filter(|resident| *resident > most)?;
        let megabytes = |bytes: usize| bytes / 1_000_000;
        Some(Error::resources(format!(
            "there is too little memory: {} MB are in use, more than the memory limit of {} MB and what the engine does \
             not count; an input or a result is larger than it seems: raise --memory-limit, or read less at once",
            megabytes(resident),
            megabytes(limit)
        )))
    }
}

/// How often the memory is checked.
const INTERVAL: Duration = Duration::from_millis(50);

static IS_OVER_MEMORY: AtomicBool = AtomicBool::new(false);

/// Whether work was ended because of its memory. Then nothing waits for the rest of it, which may take more.
pub fn is_over_memory() -> bool {
    IS_OVER_MEMORY.load(Ordering::Relaxed)
}

/// Does work unless it exceeds a limit. Then the work is dropped. The limits are watched by a thread of their own,
/// because all threads of the engine can be busy.
///
/// # Errors
/// The error of the work, [`ErrorKind::TimedOut`] or [`ErrorKind::Resources`].
pub async fn within<T>(limits: Limits, work: impl Future<Output = Result<T>>) -> Result<T> {
    until(&AtomicBool::new(false), limits, work).await
}

/// Does work like [`within`], until the work itself sets `is_beyond`. From then on it is done whatever it takes.
///
/// # Errors
/// The error of the work, [`ErrorKind::TimedOut`] or [`ErrorKind::Resources`].
pub async fn until<T>(
    is_beyond: &AtomicBool,
    limits: Limits,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    if limits.time.is_none() && limits.memory.is_none() {
        return work.await;
    }
    // The thread ends when `_watched` is dropped.
    let (_watched, unwatched) = mpsc::channel::<()>();
    let (sender, receiver) = oneshot::channel();
    let watch = move || {
        let began = Instant::now();
        let left = || limits.time.map_or(INTERVAL, |time| time.saturating_sub(began.elapsed()));
        while unwatched.recv_timeout(left().min(INTERVAL)) == Err(RecvTimeoutError::Timeout) {
            if let Some(error) = limits.exceeded(began) {
                let _ = sender.send(error);
                return;
            }
        }
    };
    let cannot = |e| Error::new(ErrorKind::Engine, format!("cannot start a thread: {e}"));
    std::thread::Builder::new().name("limits".to_owned()).spawn(watch).map_err(cannot)?;
    let exceeded = async {
        match receiver.await {
            // The work is part of this task, so it does not set this while it is looked at.
            Ok(error) if !is_beyond.load(Ordering::Relaxed) => {
                IS_OVER_MEMORY.store(error.kind() == ErrorKind::Resources, Ordering::Relaxed);
                error
            }
            _ => pending().await,
        }
    };
    tokio::select! {
        biased;
        error = exceeded => Err(error),
        outcome = work => outcome,
    }
}

/// The units of a duration: the name, and its seconds.
const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// Parses a duration with its unit.
///
/// # Errors
/// The unit is missing or unknown, or the number is not greater than 0.
fn duration(text: &str) -> Result<Duration, String> {
    let lower = text.trim().to_lowercase();
    let unit = UNITS.iter().find_map(|(name, seconds)| Some((lower.strip_suffix(name)?, *seconds)));
    let (number, unit) = unit.ok_or("a duration needs a unit, such as 30s, 5m or 500ms")?;
    let number: f64 = number.trim().parse().map_err(|_| format!("'{}' is not a number", number.trim()))?;
    let duration = Duration::try_from_secs_f64(number * unit).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "a duration is greater than 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, millis) in [("30s", 30_000), ("5 M", 300_000), ("500ms", 500), ("0.5h", 1_800_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for wrong in ["", "30", "s", "-1s", "0s", "nans", "infs", "1d", "1e300h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn work_ends_with_its_limits() {
        let none = Limits { time: None, memory: None };
        assert_eq!(within(none, async { Ok(7) }).await.unwrap(), 7);
        let refused = async |limits| within::<()>(limits, pending()).await.unwrap_err();
        let error = refused(Limits { time: Some(Duration::from_millis(1)), ..none }).await;
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::TimedOut, 124));
        assert_eq!(error.to_string(), "not done within 1ms; give --timeout more time, or ask for less");
        if resident().is_some() {
            let error = refused(Limits { memory: Some((5_000_000, 0)), ..none }).await;
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Resources, 75));
            assert!(error.to_string().contains("more than the memory limit of 5 MB and"), "{error}");
        }
    }

    /// The work goes on for longer than the limits are not looked at.
    #[tokio::test]
    async fn work_that_is_beyond_its_limits_is_done() {
        let limits = Limits { time: Some(Duration::from_millis(1)), memory: Some((5_000_000, 0)) };
        let is_beyond = AtomicBool::new(false);
        let work = async {
            is_beyond.store(true, Ordering::Relaxed);
            tokio::time::sleep(INTERVAL * 3).await;
            Ok(7)
        };
        assert_eq!(until(&is_beyond, limits, work).await.unwrap(), 7);
    }
}
