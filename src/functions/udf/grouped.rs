//! Implements DataFusion's two accumulator traits for any state of many groups.

use std::fmt;
use std::ops::Range;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::booleans::holds;

/// The states of an aggregate function of this project: one state per group, in one state column.
pub(crate) trait GroupState: Clone + Default + Send + Sync + 'static {
    /// Raises the number of groups to at least `groups`.
    fn grow(&mut self, groups: usize);
    /// Adds rows of arguments to their groups.
    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()>;
    /// Merges states, which [`Self::state`] returned, into their groups.
    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()>;
    /// Returns the results of the groups to emit and removes these groups. The remaining groups are
    /// renumbered from 0.
    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef>;
    /// Returns the states of the groups to emit and removes these groups. The remaining groups are renumbered
    /// from 0.
    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef>;
    /// The memory on the heap in bytes.
    fn size(&self) -> usize;
}

/// The rows of a batch that are aggregated, and the group of each row.
pub(crate) struct Rows<'a> {
    groups: &'a [usize],
    count: BooleanBuffer,
}

impl<'a> Rows<'a> {
    /// All rows, each in its group.
    pub(crate) fn of(groups: &'a [usize]) -> Self {
        Self { groups, count: BooleanBuffer::new_set(groups.len()) }
    }

    /// The rows that pass a filter.
    fn passing(groups: &'a [usize], filter: Option<&BooleanArray>) -> Self {
        filter.map_or_else(|| Self::of(groups), |filter| Self { groups, count: holds(filter) })
    }

    /// The rows of these in which a column is not null.
    pub(crate) fn not_null(&self, column: &dyn Array) -> Self {
        let count = match column.nulls() {
            Some(nulls) => &self.count & nulls.inner(),
            None => self.count.clone(),
        };
        Self { groups: self.groups, count }
    }

    /// The rows of these for which a column is true.
    pub(crate) fn where_true(&self, column: &BooleanArray) -> Self {
        Self { groups: self.groups, count: &self.count & &holds(column) }
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.count_set_bits() == 0
    }

    /// The rows, as ranges of rows that follow each other.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.count.set_slices().map(|(from, to)| from..to)
    }

    /// (row, group) of each row that is aggregated.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.count.set_indices().map(|row| (row, self.groups[row]))
    }
}

/// The two accumulators of one aggregate function.
pub(crate) struct Accumulators {
    pub(crate) one: Box<dyn Accumulator>,
    pub(crate) many: Box<dyn GroupsAccumulator>,
}

impl Accumulators {
    pub(crate) fn of<G: GroupState>() -> Result<Self> {
        Ok(Self { one: Box::new(One(G::default())), many: Box::new(Many(G::default())) })
    }
}

/// The accumulator for many groups.
struct Many<G>(G);

impl<G: GroupState> GroupsAccumulator for Many<G> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.0.grow(total);
        self.0.update(values, &Rows::passing(groups, filter))
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.0.grow(total);
        self.0.merge(&values[0], &Rows::of(groups))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.evaluate(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.0.state(emit_to)?])
    }

    /// Every row is a group of its own.
    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows = G::default();
        let groups: Vec<usize> = (0..values[0].len()).collect();
        rows.grow(groups.len());
        rows.update(values, &Rows::passing(&groups, filter))?;
        Ok(vec![rows.state(EmitTo::All)?])
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// The accumulator for one group, as in a window or without GROUP BY.
struct One<G>(G);

impl<G> fmt::Debug for One<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("One")
    }
}

impl<G: GroupState> One<G> {
    /// A copy that has its group even if there were no rows. A running window is evaluated again and again,
    /// so an evaluation must not remove the group from the state itself.
    fn copy(&self) -> G {
        let mut copy = self.0.clone();
        copy.grow(1);
        copy
    }
}

impl<G: GroupState> Accumulator for One<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.grow(1);
        self.0.update(values, &Rows::of(&vec![0; values[0].len()]))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.grow(1);
        self.0.merge(&states[0], &Rows::of(&vec![0; states[0].len()]))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.copy().evaluate(EmitTo::All)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::try_from_array(&self.copy().state(EmitTo::All)?, 0)?])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }
}
