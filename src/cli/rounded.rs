//! Floating-point numbers as a person reads them: rounded, but never to a whole number that they are not.

/// How many significant digits the largest number of a column has at least.
const SIGNIFICANT: i32 = 3;

/// The decimals up to which a number is compared with the whole number that it would be rounded to. What
/// remains is far below any difference of scores, and above the errors of floating-point arithmetic.
const FINEST: usize = 9;

/// From this size on, numbers are written as they are.
const HUGE: f64 = 1e15;

/// The number of decimals for a column with these numbers: at least one, and so many that the largest number
/// has three significant digits. So 99.6 and 5.3 have one decimal, 2.35 and 0.12 have two, 0.877 has three.
pub fn decimals(values: impl IntoIterator<Item = f64>) -> usize {
    let finite = values.into_iter().map(f64::abs).filter(|v| v.is_finite() && *v < HUGE);
    let largest = finite.fold(0.0, f64::max);
    if largest == 0.0 {
        return 1;
    }
    // The position of the first digit: 1 for 10 to 99, -1 for 0.1 to 0.9.
    let first = largest.log10().floor() as i32;
    usize::try_from(SIGNIFICANT - 1 - first).unwrap_or(0).clamp(1, FINEST)
}

/// The number with so many decimals. If this text would be a whole number and the number is none, it has as
/// many decimals as show the difference: 79.97 is never 80.0, and 0.004 is never 0.0. `None` for a number
/// that is better written as it is: infinite, not a number, huge, or nearer to 0 than nine decimals show.
pub fn rounded(value: f64, decimals: usize) -> Option<String> {
    if !value.is_finite() || value.abs() >= HUGE {
        return None;
    }
    if value == value.trunc() {
        return Some(format!("{value:.decimals$}"));
    }
    let finer = (decimals..=FINEST).map(|d| format!("{value:.d$}"));
    let fitting = finer.into_iter().find(|text| !is_whole(text));
    // So near to a whole number that only the error of the arithmetic is between them.
    let whole = (value.abs() >= 0.5).then(|| format!("{value:.decimals$}"));
    fitting.or(whole)
}

/// Whether a number with decimals is written as a whole one.
fn is_whole(text: &str) -> bool {
    text.rsplit_once('.').is_none_or(|(_, decimals)| decimals.bytes().all(|digit| digit == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[f64]) -> Vec<String> {
        let decimals = decimals(values.iter().copied());
        values.iter().map(|&v| rounded(v, decimals).unwrap_or_else(|| "as it is".to_owned())).collect()
    }

    #[test]
    fn the_largest_number_of_a_column_has_three_digits() {
        assert_eq!(texts(&[99.64912280701755, 93.6842105263158, 0.0]), ["99.6", "93.7", "0.0"]);
        assert_eq!(texts(&[2647.9544715447155, 579.1354166666666]), ["2647.95", "579.1"]);
        assert_eq!(texts(&[2.346, 0.1]), ["2.35", "0.10"]);
        assert_eq!(texts(&[0.8771929, 0.25]), ["0.877", "0.250"]);
        assert_eq!(texts(&[0.0123, 0.0456]), ["0.0123", "0.0456"]);
        assert_eq!(texts(&[]), Vec::<String>::new());
        assert_eq!(texts(&[80.0, -7.0]), ["80.0", "-7.0"]);
    }

    #[test]
    fn no_number_looks_like_a_whole_one_that_it_is_not() {
        assert_eq!(
            texts(&[79.97, 80.0, 99.96, 99.996, 100.0]),
            ["79.97", "80.0", "99.96", "99.996", "100.0"]
        );
        assert_eq!(texts(&[65.3, -0.04, 0.004]), ["65.3", "-0.04", "0.004"]);
        assert_eq!(texts(&[65.3, 79.9999999]), ["65.3", "79.9999999"]);
        // Errors of the arithmetic.
        assert_eq!(texts(&[0.1 + 0.7 + 0.2 + 2.0, 3.0000000000000004]), ["3.00", "3.00"]);
    }

    #[test]
    fn the_rest_is_written_as_it_is() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e15, -1e300, 1e-10, f64::MIN_POSITIVE] {
            assert_eq!(rounded(value, 1), None, "{value}");
        }
        assert_eq!(texts(&[1e300, 0.5, f64::NAN]), ["as it is", "0.500", "as it is"]);
    }

    proptest::proptest! {
        /// The text is the number to the decimals that it has, and is whole only if the number is.
        #[test]
        fn texts_are_near_and_honest(value in -1e6..1e6_f64, scale in 0..9_i32) {
            let value = value / 10_f64.powi(scale);
            let decimals = decimals([value]);
            if let Some(text) = rounded(value, decimals) {
                let read: f64 = text.parse().unwrap();
                let digits = text.rsplit_once('.').unwrap().1.len();
                let near = 0.5000001 * 10_f64.powi(-i32::try_from(digits).unwrap());
                proptest::prop_assert!((read - value).abs() <= near, "{} as {}", value, text);
                proptest::prop_assert!(digits >= decimals && digits <= FINEST);
                proptest::prop_assert!(read != read.trunc() || (read - value).abs() < 1e-9, "{} as {}", value, text);
            }
        }
    }
}
