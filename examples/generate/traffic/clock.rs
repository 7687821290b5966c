//! When people write: office hours, weekends, and reply times.

use crate::calendar::{DAY, Day, HOUR, MINUTE, SECOND};
use crate::random::Random;

/// How much mail is sent in each hour of the day (UTC). A little is sent around midnight, where the day
/// depends on the time zone.
const HOURS: [u64; 24] =
    [2, 1, 1, 1, 1, 3, 10, 35, 80, 105, 110, 105, 80, 95, 110, 105, 90, 60, 25, 12, 9, 8, 6, 4];

/// Ranges of reply times, in minutes.
const ANSWERS: [(i64, i64); 5] = [(2, 30), (30, 240), (240, 1_440), (1_440, 7_200), (7_200, 41_760)];

/// How fast a person replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Mostly within an hour.
    Fast,
    /// Mostly on the same day.
    Usual,
    /// Mostly after a day or more.
    Slow,
}

impl Pace {
    /// The weight of each range of reply times.
    fn weights(self) -> [u64; 5] {
        match self {
            Self::Fast => [52, 32, 14, 2, 0],
            Self::Usual => [28, 38, 24, 9, 1],
            Self::Slow => [6, 22, 40, 29, 3],
        }
    }
}

/// An instant on a day, mostly in office hours.
pub fn office_time(day: Day, random: &mut Random) -> i64 {
    let hour = random.weighted(&HOURS) as i64;
    day.start() + hour * HOUR + random.between(0, 3_599) * SECOND
}

/// The instant of a reply to mail that arrived at `instant`.
pub fn answer_time(instant: i64, pace: Pace, random: &mut Random) -> i64 {
    // A few replies take longer than the reply window, which is 30 days.
    let (low, high) =
        if random.chance(10) { (43_500, 50_000) } else { ANSWERS[random.weighted(&pace.weights())] };
    let written = instant + random.between(low, high) * MINUTE + random.between(0, 59) * SECOND;
    next_office_time(written, random)
}

/// The instant itself or, if it is outside office hours, mostly an instant on the next morning.
fn next_office_time(instant: i64, random: &mut Random) -> i64 {
    let day = Day::of(instant);
    let hour = (instant - day.start()) / HOUR;
    let is_late = hour >= 19;
    if day.weekday() < 5 && (7..19).contains(&hour) || random.chance(200) {
        return instant;
    }
    let mut morning = day.plus(i64::from(is_late));
    while morning.weekday() >= 5 {
        morning = morning.plus(1);
    }
    let settled = morning.start() + random.between(8 * 3_600, 10 * 3_600) * SECOND;
    // On a Monday at nine, the morning of the same day may have passed.
    if settled > instant { settled } else { settled + DAY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_later_and_seldom_at_weekends() {
        let mut random = Random::new(&[1]);
        let friday: Day = "2026-10-30".parse().unwrap();
        let mut weekend = 0;
        for _ in 0..2_000 {
            let sent = office_time(friday, &mut random);
            assert_eq!(Day::of(sent), friday);
            let answered = answer_time(sent, Pace::Usual, &mut random);
            assert!(answered >= sent + 2 * MINUTE);
            weekend += i32::from(Day::of(answered).weekday() >= 5);
        }
        assert!((20..300).contains(&weekend), "{weekend}");
    }

    #[test]
    fn the_slow_are_slower() {
        let mean = |pace| {
            let mut random = Random::new(&[2]);
            (0..2_000).map(|_| answer_time(0, pace, &mut random) / 2_000).sum::<i64>()
        };
        assert!(mean(Pace::Fast) < mean(Pace::Usual) && mean(Pace::Usual) < mean(Pace::Slow));
    }
}
