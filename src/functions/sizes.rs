//! Every aggregate function of the one list says how much memory it holds, and that is so: the memory
//! limit of a run rests on it. What the process has more of when a state has grown is what it says.

use std::process::Command;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt32Array};
use datafusion::arrow::compute::take;

use super::all_aggregate;
use super::damage::of_aggregate;
use super::testing::Tester;

/// Which function and shape a process of its own is to measure.
const WHICH: &str = "SIZE_OF";
/// Groups, and how often each meets the rows of the documented example.
const SHAPES: [(usize, usize); 2] = [(200_000, 1), (256, 1000)];
/// Rows come in batches, as from the engine.
const BATCH: usize = 8192;
/// Less than this says nothing: the allocator takes and keeps pages as it likes.
const LEAST: usize = 2 << 20;

/// The memory of this process in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// In a process of its own, below, which has done nothing else.
#[test]
#[ignore = "run by states_say_how_large_they_are"]
fn one() {
    let which = std::env::var(WHICH).unwrap();
    let (name, shape) = which.split_once(' ').unwrap();
    let (groups, times) = SHAPES[shape.parse::<usize>().unwrap()];
    let udaf = all_aggregate().into_iter().find(|udaf| udaf.name() == name).unwrap();
    let arguments = of_aggregate(&udaf);
    let types: Vec<_> = arguments.iter().map(|a| a.data_type().clone()).collect();
    let tester = Tester::new(Arc::clone(&udaf), &types);
    let rows = arguments[0].len();
    // Whole examples in a batch, each for a group of its own; the same batch again and again.
    let per_batch = (BATCH / rows).max(1);
    let indices: UInt32Array = (0..per_batch).flat_map(|_| 0..rows as u32).collect();
    let batch: Vec<ArrayRef> = arguments.iter().map(|a| take(a, &indices, None).unwrap()).collect();
    let mut state = tester.many();
    state.update_batch(&arguments, &vec![0; rows], None, 1).unwrap();
    let all: Vec<usize> = (0..times).flat_map(|_| 0..groups).collect();
    let (before, said_before) = (resident(), state.size());
    let mut total = 1;
    for some in all.chunks(per_batch) {
        total = total.max(some.iter().max().unwrap() + 1);
        let of_rows: Vec<usize> = some.iter().flat_map(|&group| std::iter::repeat_n(group, rows)).collect();
        let slice: Vec<ArrayRef> = batch.iter().map(|a| a.slice(0, of_rows.len())).collect();
        state.update_batch(&slice, &of_rows, None, total).unwrap();
    }
    println!("grown {} {}", resident().saturating_sub(before), state.size().saturating_sub(said_before));
}

#[test]
#[cfg(target_os = "linux")]
fn states_say_how_large_they_are() {
    let this = std::env::current_exe().unwrap();
    for udaf in all_aggregate() {
        let mut measured = 0;
        for shape in 0..SHAPES.len() {
            let which = format!("{} {shape}", udaf.name());
            let arguments = ["--exact", "functions::sizes::one", "--ignored", "--nocapture"];
            let output = Command::new(&this).args(arguments).env(WHICH, &which).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            let grown = text
                .lines()
                .find_map(|line| line.split_once("grown "))
                .unwrap_or_else(|| panic!("{which}: {text}"))
                .1;
            let (held, said) = grown.trim().split_once(' ').unwrap();
            let (held, said): (usize, usize) = (held.parse().unwrap(), said.parse().unwrap());
            eprintln!("{which}: {held} bytes are held, {said} are said");
            // The allocator has a share of its own in small pieces.
            assert!(said + LEAST >= held / 2, "{which}: {held} bytes are held, {said} are said");
            assert!(said <= 2 * held + 2 * LEAST, "{which}: {held} bytes are held, {said} are said");
            measured += usize::from(held > LEAST);
        }
        assert!(measured > 0, "{}: no state has grown", udaf.name());
    }
}
