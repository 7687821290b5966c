//! Instants, local dates and the first days of periods.

mod fiscal_year;
mod level;
mod local_date;
mod period_start;
mod utc_timestamp;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

pub use self::fiscal_year::FiscalYearStart;
pub use self::level::Level;
pub(crate) use self::local_date::with_local_days;
pub(crate) use self::period_start::month_start;
pub(crate) use self::utc_timestamp::{
    instant_type, udf as utc_timestamp_udf, utc_micros, utc_timestamp_type,
};

/// The scalar functions of this module.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    let [quarter_start, month_start, week_start] = period_start::udfs();
    vec![utc_timestamp::udf(), local_date::udf(), quarter_start, month_start, week_start]
}
