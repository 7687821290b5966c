//! Floating-point numbers as a person reads them: rounded, but never to a whole number that they are not.

/// How many significant digits the largest number of a column has at least.
const SIGNIFICANT: i32 = 3;

/// The decimals up to which a number is compared with the whole number that it would be rounded to. What
/// remains is far below any difference of scores, and above the errors of floating-point arithmetic.
const FINEST: usize = 9;

/// Below this, the distance to a whole number is an error of the arithmetic.
const ERROR: f64 = 1e-9;

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

/// Parts and their sum with so many decimals, of which the parts add up to the sum: each is the nearest number above or
/// below. They have more decimals if one of them would be a whole number that it is not.
pub fn parts(values: &[f64], decimals: usize) -> (Vec<String>, String) {
    let all: Vec<_> = (decimals..=FINEST).map(|decimals| in_units(values, decimals)).collect();
    let is_honest = |(parts, sum): &&(Vec<String>, String)| {
        let texts = parts.iter().chain([sum]);
        let sum = values.iter().sum::<f64>();
        let numbers = values.iter().chain([&sum]);
        texts.zip(numbers).all(|(text, value)| !is_whole(text) || (value - value.round()).abs() < ERROR)
    };
    all.iter().find(is_honest).or(all.first()).cloned().unwrap_or_default()
}

/// Parts and their sum as multiples of the last decimal. What the parts rounded down lack goes to those that have lost most.
fn in_units(values: &[f64], decimals: usize) -> (Vec<String>, String) {
    let unit = 10_f64.powi(i32::try_from(decimals).unwrap_or_default());
    let exact: Vec<f64> = values.iter().map(|value| value * unit).collect();
    // The sum of nothing is -0.
    let sum = exact.iter().sum::<f64>().round() + 0.0;
    let mut units: Vec<f64> = exact.iter().map(|units| units.floor()).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    let lost = |at: usize| exact[at] - exact[at].floor();
    order.sort_by(|a, b| lost(*b).total_cmp(&lost(*a)));
    let lacks = sum - units.iter().sum::<f64>();
    order.into_iter().take(lacks.max(0.0) as usize).for_each(|at| units[at] += 1.0);
    let text = |units: f64| format!("{:.decimals$}", units / unit);
    (units.into_iter().map(text).collect(), text(sum))
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

    #[test]
    fn parts_add_up() {
        let texts = |values: &[f64]| {
            let (mut texts, sum) = parts(values, 2);
            texts.push(sum);
            texts.join(" ")
        };
        assert_eq!(texts(&[9.375, 13.125, 0.0]), "9.38 13.12 0.00 22.50");
        assert_eq!(texts(&[43.3 - 1e-14, 6.125, 23.7]), "43.30 6.12 23.70 73.12");
        assert_eq!(texts(&[100.0 / 3.0; 3]), "33.34 33.33 33.33 100.00");
        assert_eq!(texts(&[0.004, 20.0]), "0.004 20.000 20.004");
        assert_eq!(texts(&[49.998, 49.998]), "49.998 49.998 99.996");
        assert_eq!(texts(&[]), "0.00");
    }

    proptest::proptest! {
        /// Parts add up to the sum, each is near to its number, and none is whole that is not.
        #[test]
        fn parts_are_near_and_add_up(values in proptest::collection::vec(0..100_000_i64, 0..10)) {
            let values: Vec<f64> = values.iter().map(|value| *value as f64 / 7_919.0).collect();
            let (texts, sum) = parts(&values, 2);
            let digits = sum.rsplit_once('.').unwrap().1.len();
            let units = |text: &String| text.replace('.', "").parse::<i64>().unwrap();
            proptest::prop_assert_eq!(texts.iter().map(units).sum::<i64>(), units(&sum));
            for (text, value) in texts.iter().zip(&values) {
                let read: f64 = text.parse().unwrap();
                let near = 1.0000001 * 10_f64.powi(-i32::try_from(digits).unwrap());
                proptest::prop_assert!((read - value).abs() <= near, "{} as {}", value, text);
                proptest::prop_assert!(read != read.trunc() || (read - value).abs() < 1e-9, "{} as {}", value, text);
            }
        }

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
