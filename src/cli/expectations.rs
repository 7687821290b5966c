//! How expectations are printed: on standard error if one is missed, and as a summary.

use super::out::note;
use super::text::visible;
use crate::error::Error;
use crate::pipeline::expectations::{CONTEXT, missed};
use crate::publish::Judgement;

/// Prints what was judged on standard error, one line each, if the error is that an expectation is missed.
pub(crate) fn print_judged(error: &Error) {
    for (_, judgement) in error.context().iter().filter(|(key, _)| *key == CONTEXT) {
        note(visible(judgement));
    }
}

/// Prints what was judged on standard error, one line each, if an expectation is missed.
pub(crate) fn print_if_missed(judged: &[Judgement]) {
    if !missed(judged).is_empty() {
        judged.iter().for_each(|judgement| note(visible(&judgement.to_string())));
    }
}

/// What was judged, one line each.
pub(crate) fn lines(judged: &[Judgement]) -> String {
    judged.iter().map(|judgement| format!("  {}\n", visible(&judgement.to_string()))).collect()
}

/// `5 of 6 met, 1 unknown`
pub(crate) fn summary(judged: &[Judgement]) -> String {
    use crate::publish::Outcome::{Met, Missed, Unknown};
    let of = |outcome| judged.iter().filter(|judgement| judgement.outcome == outcome).count();
    let mut text = format!("{} of {} met", of(Met), judged.len());
    for outcome in [Missed, Unknown] {
        if of(outcome) > 0 {
            text += &format!(", {} {}", of(outcome), outcome.as_str());
        }
    }
    text
}
