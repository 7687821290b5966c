//! The meetings, week by week.

use super::meeting_copy::MeetingCopy;
use crate::calendar::{DAY, Day, HOUR, MINUTE};
use crate::organization::{Habit, Organization, Party};
use crate::plan::Plan;
use crate::random::{Random, hash};

/// Weeks from one meeting of a series to the next.
const SERIES_WEEKS: u64 = 13;
/// Durations in minutes.
const MINUTES: [i64; 6] = [15, 30, 30, 45, 60, 90];
/// Weights of: with an account; among colleagues; organized by a third person, with both.
const SHAPES: [u64; 3] = [70, 25, 5];

/// Which copies are marked as cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It takes place.
    No,
    /// Only the first copy; the others are not updated.
    FirstCopy,
    /// All copies.
    AllCopies,
}

/// One meeting.
#[derive(Debug, Clone)]
pub struct Meeting {
    /// The number of the meeting; the meetings of a series share it.
    pub key: u64,
    /// Its start, in microseconds since 1970-01-01 UTC.
    pub start_at: i64,
    /// Its end.
    pub end_at: i64,
    /// The organizer.
    pub organizer: Party,
    /// The attendees.
    pub attendees: Vec<Party>,
    /// The attendees who declined.
    pub declined: Vec<Party>,
    /// Whether it is cancelled.
    pub cancelled: Cancelled,
    /// Whether it takes whole days.
    pub is_all_day: bool,
    /// Whether it is a series master and not a meeting itself.
    pub is_series_master: bool,
    /// The colleagues whose calendars hold a copy.
    pub holders: Vec<u32>,
}

/// The meetings of all weeks.
pub struct MeetingWeeks<'a> {
    org: &'a Organization,
    week: i64,
}

impl<'a> MeetingWeeks<'a> {
    /// All weeks of the plan.
    pub fn new(org: &'a Organization) -> Self {
        Self { org, week: 0 }
    }

    /// A series has one meeting per quarter; every tenth account has a series.
    fn series(&self, meetings: &mut Vec<Meeting>) {
        let org = self.org;
        for account in org.by_rank.iter().skip(3).step_by(10).copied() {
            let key = org.plan.hash(&[30, u64::from(account)]);
            let phase = key % SERIES_WEEKS;
            if self.week as u64 % SERIES_WEEKS != phase {
                continue;
            }
            let mut random = Random::new(&[key, 0]);
            let mut meeting =
                with_account(org, account, Party::Colleague(org.team_member(account, 0)), &mut random);
            let day = working_day(org.plan.day(7 * self.week), random.below(5) as i64);
            meeting.place(key, day, &mut random);
            let mut chance = Random::new(&[key, self.week as u64]);
            if !org.is_active(account, day, &mut chance) {
                continue;
            }
            if self.week < SERIES_WEEKS as i64 {
                let holders = meeting.holders.iter().take(1).copied().collect();
                meetings.push(Meeting { is_series_master: true, holders, ..meeting.clone() });
            }
            meetings.push(meeting);
        }
    }

    fn single(&self, number: u64) -> Meeting {
        let org = self.org;
        let key = org.plan.hash(&[31, self.week as u64, number]);
        let mut random = Random::new(&[key]);
        let last = (Plan::DAYS - 7 * self.week).clamp(1, 7);
        let mut day = org.plan.day(7 * self.week + random.between(0, last - 1));
        if day.weekday() >= 5 && random.chance(900) {
            day = org.plan.day(7 * self.week + random.between(0, last - 1));
        }
        let mut meeting = match random.weighted(&SHAPES) {
            0 => {
                let account = org.active_account(day, &mut random);
                let organizer = if org.habit(account) == Habit::OneSided || random.chance(600) {
                    org.any_team_member(account, &mut random)
                } else {
                    org.any_contact(account, &mut random)
                };
                with_account(org, account, organizer, &mut random)
            }
            1 => among_colleagues(org, &mut random),
            _ => {
                let account = org.active_account(day, &mut random);
                let organizer = Party::Outsider(random.below(u64::from(org.outsiders())) as u32);
                with_account(org, account, organizer, &mut random)
            }
        };
        meeting.place(key, day, &mut random);
        meeting.cancelled = match random.below(100) {
            0..3 => Cancelled::AllCopies,
            3..5 => Cancelled::FirstCopy,
            _ => Cancelled::No,
        };
        if random.chance(30) {
            meeting.is_all_day = true;
            meeting.start_at = day.start();
            meeting.end_at = day.start() + DAY;
        }
        meeting
    }
}

impl Iterator for MeetingWeeks<'_> {
    type Item = Vec<MeetingCopy>;

    fn next(&mut self) -> Option<Vec<MeetingCopy>> {
        if 7 * self.week >= Plan::DAYS {
            return None;
        }
        let plan = &self.org.plan;
        let wanted = plan.rows(plan.sizes.meetings, 7 * self.week, 7 * self.week + 7) as usize;
        let mut meetings = Vec::new();
        self.series(&mut meetings);
        let mut count: usize = meetings.iter().map(|meeting| meeting.holders.len()).sum();
        for number in 0.. {
            if count >= wanted {
                break;
            }
            let meeting = self.single(number);
            count += meeting.holders.len();
            meetings.push(meeting);
        }
        let mut rows: Vec<(usize, usize)> = Vec::with_capacity(count);
        for (index, meeting) in meetings.iter().enumerate() {
            rows.extend((0..meeting.holders.len()).map(|copy| (index, copy)));
        }
        rows.truncate(wanted);
        Random::new(&[plan.hash(&[32, self.week as u64])]).shuffle(&mut rows);
        self.week += 1;
        Some(rows.iter().map(|(index, copy)| MeetingCopy::new(self.org, &meetings[*index], *copy)).collect())
    }
}

impl Meeting {
    fn new(org: &Organization, organizer: Party, mut attendees: Vec<Party>, random: &mut Random) -> Self {
        // Some calendars repeat the organizer among the attendees.
        if random.chance(300) {
            attendees.push(organizer);
        }
        if random.chance(100) {
            attendees.push(Party::Room(random.below(3) as u8));
        }
        let declined =
            attendees.iter().filter(|party| **party != organizer && random.chance(60)).copied().collect();
        let mut holders: Vec<u32> = Vec::new();
        for colleague in [organizer].iter().chain(&attendees).filter_map(|party| party.colleague()) {
            if org.is_listed(colleague) && !holders.contains(&colleague) {
                holders.push(colleague);
            }
        }
        Self {
            key: 0,
            start_at: 0,
            end_at: 0,
            organizer,
            attendees,
            declined,
            cancelled: Cancelled::No,
            is_all_day: false,
            is_series_master: false,
            holders,
        }
    }

    /// Sets its number, and a time on a day.
    fn place(&mut self, key: u64, day: Day, random: &mut Random) {
        self.key = hash(&[key]);
        self.start_at = day.start() + random.between(8, 16) * HOUR + random.between(0, 3) * 15 * MINUTE;
        self.end_at = self.start_at + MINUTES[random.below(6) as usize] * MINUTE;
    }
}

/// The day with this weekday (0 is Monday) in the seven days from `start`.
fn working_day(start: Day, weekday: i64) -> Day {
    start.plus((weekday - start.weekday() as i64).rem_euclid(7))
}

/// A meeting of internal people with people of an account.
fn with_account(org: &Organization, account: u32, organizer: Party, random: &mut Random) -> Meeting {
    let mut attendees = Vec::new();
    for _ in 0..1 + random.weighted(&[50, 35, 15]) {
        attendees.push(org.any_contact(account, random));
    }
    for _ in 0..1 + random.weighted(&[45, 40, 15]) {
        attendees.push(org.any_team_member(account, random));
    }
    attendees.sort_unstable();
    attendees.dedup();
    attendees.retain(|party| *party != organizer);
    Meeting::new(org, organizer, attendees, random)
}

/// A meeting of colleagues, at least one of them listed.
fn among_colleagues(org: &Organization, random: &mut Random) -> Meeting {
    let organizer = Party::Colleague(random.below(org.plan.sizes.mailboxes) as u32);
    let attendees = (0..1 + random.below(4))
        .map(|_| Party::Colleague(random.below(u64::from(org.colleagues())) as u32))
        .filter(|party| *party != organizer)
        .collect();
    Meeting::new(org, organizer, attendees, random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Sizes;

    fn organization() -> Organization {
        Organization::new(Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1))
    }

    #[test]
    fn the_rows_are_as_many_as_planned_and_keep_to_their_weeks() {
        let org = organization();
        let mut rows = 0;
        for (week, copies) in MeetingWeeks::new(&org).enumerate() {
            rows += copies.len();
            let (first, last) = (org.plan.day(7 * week as i64), org.plan.day(7 * week as i64 + 6));
            for start in copies.iter().filter_map(|copy| copy.start_at) {
                assert!((first..=last).contains(&Day::of(start)));
            }
        }
        assert_eq!(rows, 400);
    }

    #[test]
    fn the_meetings_of_a_series_share_their_number() {
        let org = organization();
        let mut series: Vec<Vec<(u64, i64)>> = Vec::new();
        for week in 0..40 {
            let mut meetings = Vec::new();
            MeetingWeeks { org: &org, week }.series(&mut meetings);
            series.push(meetings.iter().map(|meeting| (meeting.key, meeting.start_at)).collect());
        }
        let regular: Vec<(u64, i64)> = series.concat();
        let (key, first) = regular[0];
        let later: Vec<i64> = regular.iter().filter(|one| one.0 == key).map(|one| one.1 - first).collect();
        assert_eq!(later[..3], [0, 0, 91 * DAY], "the master, its first meeting, the next quarter's");
    }
}
