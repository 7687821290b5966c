//! The DataFusion session of this crate: its builder, memory limit and spill files, materialized views,
//! views that are computed once, redacted plans, metrics of stages.

pub(crate) mod lazy;
pub(crate) mod materialized;
pub(crate) mod memory;
pub(crate) mod metrics;
pub(crate) mod own_thread;
mod redacted_plan;
pub(crate) mod session;
mod spill;
mod table_name;

pub(crate) use self::table_name::quoted;
