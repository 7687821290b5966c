//! The month in which fiscal years begin. Quarters are counted from it.

use std::ops::RangeInclusive;

use datafusion::common::{Result, exec_err};

/// The first month of a fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiscalYearStart(u32);

impl FiscalYearStart {
    /// The numbers of the months, January to December.
    pub const MONTHS: RangeInclusive<u32> = 1..=12;

    /// The fiscal year that begins in a month, 1 to 12; `None` for another number.
    pub fn new(month: u32) -> Option<Self> {
        Self::MONTHS.contains(&month).then_some(Self(month))
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u32 {
        self.0
    }

    /// The fiscal year that begins in a month, 1 to 12.
    ///
    /// # Errors
    /// Another number, or NULL; `function` is the function that needs it.
    pub(crate) fn of_argument(function: &str, month: Option<i64>) -> Result<Self> {
        match month.map(|month| (month, u32::try_from(month).ok().and_then(Self::new))) {
            Some((_, Some(start))) => Ok(start),
            Some((month, None)) => {
                exec_err!("{function} needs the first month of the fiscal year, 1 to 12, not {month}")
            }
            None => exec_err!("{function} needs the first month of the fiscal year, 1 to 12, not NULL"),
        }
    }
}

impl Default for FiscalYearStart {
    /// January: fiscal years are calendar years.
    fn default() -> Self {
        Self(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twelve_months() {
        let months = [0, 1, 12, 13].map(|month| FiscalYearStart::new(month).map(FiscalYearStart::month));
        assert_eq!(months, [None, Some(1), Some(12), None]);
        assert_eq!(FiscalYearStart::default().month(), 1);
        let refusal = |month| FiscalYearStart::of_argument("f", month).unwrap_err().strip_backtrace();
        let need = "Execution error: f needs the first month of the fiscal year, 1 to 12, not";
        assert_eq!(refusal(Some(-1)), format!("{need} -1"));
        assert_eq!(refusal(None), format!("{need} NULL"));
    }
}
