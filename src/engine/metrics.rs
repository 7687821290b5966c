//! Time, rows and memory of each stage of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::prelude::SessionContext;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::memory::Observed;

/// One stage of a run: a view that is computed, or a table that is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// The name of the view or table.
    pub name: String,
    /// Wall-clock time.
    pub elapsed: Duration,
    /// CPU time of all threads of the process during the stage. Stages that overlap in time include each
    /// other's CPU time. 0 where the system does not report it.
    pub cpu: Duration,
    /// Rows read from files and from materialized views; `None` if the number is suppressed.
    pub rows_in: Option<u64>,
    /// Rows of the result; `None` if the number is suppressed.
    pub rows_out: Option<u64>,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes written to spill files.
    pub bytes_spilled: u64,
    /// The largest number of bytes reserved at once during the stage, by operators and materialized views.
    /// Stages that overlap in time include each other's memory. 0 in a session with a memory pool of the
    /// caller.
    pub peak_memory: u64,
}

impl Stage {
    /// The stage without its numbers of rows.
    pub(crate) fn without_rows(self) -> Self {
        Self { rows_in: None, rows_out: None, ..self }
    }
}

/// Measures a stage that is running.
pub(crate) struct StageTimer {
    began: Instant,
    cpu: Duration,
    peak: Option<Arc<AtomicUsize>>,
    stage: Stage,
}

impl StageTimer {
    pub(crate) fn start(ctx: &SessionContext, name: &str) -> Self {
        let env = ctx.runtime_env();
        let peak = env.memory_pool.downcast_ref::<Observed>().map(Observed::peak);
        let stage = Stage { name: name.to_string(), rows_in: Some(0), ..Stage::default() };
        Self { began: Instant::now(), cpu: cpu_time(), peak, stage }
    }

    /// Ends a stage that has several parts. It has the metrics of the last one, and the time of all.
    pub(crate) fn stop_with(self, last: Stage) -> Stage {
        Stage { elapsed: self.began.elapsed(), cpu: cpu_time().saturating_sub(self.cpu), ..last }
    }

    /// Ends the stage and adds the metrics of `plan`, the plan that was executed for it.
    pub(crate) fn stop(mut self, plan: &dyn ExecutionPlan, rows_out: u64, bytes_spilled: u64) -> Stage {
        self.stage.elapsed = self.began.elapsed();
        self.stage.cpu = cpu_time().saturating_sub(self.cpu);
        self.stage.peak_memory = self.peak.map_or(0, |peak| peak.load(Ordering::Relaxed)) as u64;
        self.stage.rows_out = Some(rows_out);
        self.stage.bytes_spilled = bytes_spilled;
        add(plan, &mut self.stage);
        self.stage
    }
}

/// The CPU time of this process, that of threads that have ended included. 0 where the system does not
/// report it.
pub(crate) fn cpu_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let micros = time.num_microseconds();
            Duration::from_micros(micros.unsigned_abs())
        })
        .sum()
}

/// Adds the metrics of all operators of a plan. Rows are counted at the leaves.
fn add(plan: &dyn ExecutionPlan, stage: &mut Stage) {
    if let Some(metrics) = plan.metrics() {
        let bytes =
            metrics.sum(|m| matches!(m.value(), MetricValue::Count { name, .. } if name == "bytes_scanned"));
        stage.bytes_read += bytes.map_or(0, |bytes| bytes.as_usize() as u64);
        stage.bytes_spilled += metrics.spilled_bytes().unwrap_or(0) as u64;
        if plan.children().is_empty() {
            let rows = metrics.output_rows().unwrap_or(0) as u64;
            stage.rows_in = Some(stage.rows_in.unwrap_or(0) + rows);
        }
    }
    plan.children().into_iter().for_each(|child| add(child.as_ref(), stage));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_have_ended_count() {
        let before = cpu_time();
        let busy = || {
            let end = Instant::now() + Duration::from_millis(50);
            while Instant::now() < end {}
        };
        std::thread::spawn(busy).join().unwrap();
        assert!(cpu_time() > before);
    }
}
