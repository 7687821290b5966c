//! Checks that every registered aggregate function reports how much memory it holds, because the memory
//! limit of a run relies on it. The test compares the reported growth of a state with the growth of the
//! process.

use std::process::Command;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt32Array};
use datafusion::arrow::compute::take;

use super::damaged_input::of_aggregate;
use super::tester::Tester;
use crate::functions::all_aggregate;

/// The environment variable that contains the function and the shape that a child process measures.
const WHICH: &str = "SIZE_OF";
/// The number of groups, and how often the rows of the documented example are added to each of them.
const SHAPES: [(usize, usize); 2] = [(200_000, 1), (256, 1000)];
/// The number of rows of a batch, as in DataFusion.
const BATCH: usize = 8192;
/// Growth in bytes below which a measurement is not significant, because the allocator reserves and retains
/// pages on its own.
const LEAST: usize = 2 << 20;

/// The resident memory of this process in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Measures one function. It runs in a child process of the test below, which has done nothing else.
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
    // A batch repeats the whole example, each time for another group. The same batch is added repeatedly.
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
            let arguments = ["--exact", "functions::testing::memory_size::one", "--ignored", "--nocapture"];
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
            // For small allocations, the allocator needs memory of its own.
            assert!(said + LEAST >= held / 2, "{which}: {held} bytes are held, {said} are said");
            assert!(said <= 2 * held + 2 * LEAST, "{which}: {held} bytes are held, {said} are said");
            measured += usize::from(held > LEAST);
        }
        assert!(measured > 0, "{}: no state has grown", udaf.name());
    }
}
