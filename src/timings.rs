//! Where the time of a run went.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::prelude::SessionContext;

use crate::memory::Observed;

/// One stage of a run: a view that is computed, or a table that is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// The view or table.
    pub name: String,
    /// How long it took by the clock.
    pub elapsed: Duration,
    /// The processor time of the process meanwhile, all threads together: that of stages at the same time
    /// too. 0 where the system does not say.
    pub cpu: Duration,
    /// Rows that it read: of files, and of views computed before.
    pub rows_in: u64,
    /// Rows of its result.
    pub rows_out: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes that did not fit into memory and were written to disk for a while.
    pub bytes_spilled: u64,
    /// The most memory in bytes that operators and kept results, of all stages, had reserved at once. 0 in a session
    /// whose memory pool is not this crate's.
    pub peak_memory: u64,
}

/// A stage under way.
pub(crate) struct Watch {
    began: Instant,
    cpu: Duration,
    peak: Option<Arc<AtomicUsize>>,
    stage: Stage,
}

impl Watch {
    pub(crate) fn start(ctx: &SessionContext, name: &str) -> Self {
        let env = ctx.runtime_env();
        let peak = env.memory_pool.downcast_ref::<Observed>().map(Observed::peak);
        let stage = Stage { name: name.to_string(), ..Stage::default() };
        Self { began: Instant::now(), cpu: cpu_time(), peak, stage }
    }

    /// The stage is over; `plan` is what was executed for it.
    pub(crate) fn stop(mut self, plan: &dyn ExecutionPlan, rows_out: u64, bytes_spilled: u64) -> Stage {
        self.stage.elapsed = self.began.elapsed();
        self.stage.cpu = cpu_time().saturating_sub(self.cpu);
        self.stage.peak_memory = self.peak.map_or(0, |peak| peak.load(Ordering::Relaxed)) as u64;
        self.stage.rows_out = rows_out;
        self.stage.bytes_spilled = bytes_spilled;
        add(plan, &mut self.stage);
        self.stage
    }
}

/// The processor time that the threads of this process have had; those that have ended do not count.
pub fn cpu_time() -> Duration {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
        let times = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    threads.filter_map(of_thread).sum()
}

/// Adds what the operators of a plan have counted.
fn add(plan: &dyn ExecutionPlan, stage: &mut Stage) {
    if let Some(metrics) = plan.metrics() {
        let bytes =
            metrics.sum(|m| matches!(m.value(), MetricValue::Count { name, .. } if name == "bytes_scanned"));
        stage.bytes_read += bytes.map_or(0, |bytes| bytes.as_usize() as u64);
        stage.bytes_spilled += metrics.spilled_bytes().unwrap_or(0) as u64;
        if plan.children().is_empty() {
            stage.rows_in += metrics.output_rows().unwrap_or(0) as u64;
        }
    }
    plan.children().into_iter().for_each(|child| add(child.as_ref(), stage));
}
