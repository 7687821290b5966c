//! The table of `run --timings`.

use std::time::Duration;

use super::text::pad;
use crate::engine::memory::peak_resident;
use crate::engine::metrics::{Stage, cpu_time};
use crate::error::numbers::grouped;

const HEADINGS: [&str; 8] =
    ["stage", "seconds", "CPU s", "rows in", "rows out", "MB read", "MB spilled", "MB reserved"];

/// One line per stage with its metrics (`-` for a number that is suppressed), and a last line with the totals of the run.
pub fn table(stages: &[Stage], whole: Duration) -> String {
    let megabytes = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
    let rows = |rows: Option<u64>| rows.map_or_else(|| "-".to_owned(), grouped);
    let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
    let mut lines = vec![HEADINGS.map(String::from)];
    lines.extend(stages.iter().map(|s| {
        [
            s.name.clone(),
            seconds(s.elapsed),
            seconds(s.cpu),
            rows(s.rows_in),
            rows(s.rows_out),
            megabytes(s.bytes_read),
            megabytes(s.bytes_spilled),
            megabytes(s.peak_memory),
        ]
    }));
    let widths: Vec<_> =
        (0..HEADINGS.len()).map(|i| lines.iter().map(|l| l[i].len()).max().unwrap_or(0)).collect();
    let line = |cells: &[String; 8]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(i, (cell, width))| pad(cell, *width, i > 0));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    let mut text: String = lines.iter().map(|cells| line(cells) + "\n").collect();
    text += &format!("total {} s, {} s of CPU time", seconds(whole), seconds(cpu_time()));
    if let Some(peak) = peak_resident() {
        text += &format!(", peak resident memory {} MB", grouped(peak / 1_000_000));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_stage() {
        let stage = Stage {
            name: "mail_bucket".into(),
            elapsed: Duration::from_millis(1_234),
            cpu: Duration::from_millis(2_400),
            rows_in: Some(10_000_000),
            rows_out: Some(257),
            bytes_read: 512_300_000,
            bytes_spilled: 0,
            peak_memory: 1_500_000,
        };
        let text = table(&[stage], Duration::from_secs(2));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[0],
            "stage        seconds  CPU s     rows in  rows out  MB read  MB spilled  MB reserved"
        );
        assert_eq!(
            lines[1],
            "mail_bucket     1.23   2.40  10,000,000       257    512.3         0.0          1.5"
        );
        assert!(lines[2].starts_with("total 2.00 s"));
    }
}
