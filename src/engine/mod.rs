//! The DataFusion session of this crate: its builder, memory limit and spill files, materialized views,
//! redacted plans, metrics of stages.

pub(crate) mod materialized;
pub(crate) mod memory;
pub(crate) mod metrics;
mod redacted_plan;
pub(crate) mod session;
mod spill;
mod table_name;

pub(crate) use self::table_name::quoted;
