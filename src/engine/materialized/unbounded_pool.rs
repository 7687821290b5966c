//! A memory pool that records reservations in another pool but never rejects them.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;

/// Grows every reservation in the wrapped pool, also beyond its limit.
#[derive(Debug)]
struct UnboundedPool(Arc<dyn MemoryPool>);

/// A task context whose operators never have to spill. Their memory is still recorded in the pool of `of`.
pub(crate) fn context(of: &TaskContext) -> Arc<TaskContext> {
    let memory_pool = Arc::new(UnboundedPool(Arc::clone(of.memory_pool())));
    let runtime = RuntimeEnv { memory_pool, ..RuntimeEnv::clone(&of.runtime_env()) };
    let context = TaskContext::default().with_session_config(of.session_config().clone());
    Arc::new(context.with_runtime(Arc::new(runtime)))
}

impl fmt::Display for UnboundedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl MemoryPool for UnboundedPool {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.0.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.0.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.0.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.0.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.0.grow(reservation, additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.0.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Infinite
    }
}
