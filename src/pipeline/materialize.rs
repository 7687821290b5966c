//! Materializes views: a run computes each of them once and stores the result. Views that do not read
//! each other are computed at the same time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};

use super::progress::Progress;
use super::suppressed::ACCOUNT_MONTH;
use crate::engine::materialized::Materialized;
use crate::engine::memory::is_plentiful;
use crate::engine::metrics::{Stage, StageTimer};
use crate::engine::quoted;
use crate::error::Result;
use crate::views::{Layer, VIEWS, View};

/// The materialized views of a run.
pub(crate) struct Materializer<'a> {
    ctx: &'a SessionContext,
    progress: &'a dyn Progress,
    last_readers: HashMap<&'static str, usize>,
    /// The views that are registered and not yet computed, by their positions in [`VIEWS`].
    waiting: Vec<usize>,
    /// The results that are not released yet.
    results: Vec<(&'static str, Arc<Materialized>)>,
    /// The metrics of the computed views, in the order of [`VIEWS`].
    pub(crate) stages: Vec<Stage>,
}

impl<'a> Materializer<'a> {
    pub(crate) fn new(ctx: &'a SessionContext, progress: &'a dyn Progress) -> Result<Self> {
        let last_readers = last_readers(ctx)?;
        Ok(Self { ctx, progress, last_readers, waiting: vec![], results: vec![], stages: vec![] })
    }

    /// Whether a view reads another one that is not yet computed. It cannot be registered before the other
    /// one is computed, because its plan would compute the other one a second time.
    ///
    /// # Errors
    /// The SQL of the view is not a statement.
    pub(crate) fn must_wait(&self, view: &View) -> Result<bool> {
        let reads = view.reads(self.ctx)?;
        Ok(self.waiting.iter().any(|position| reads.contains(&VIEWS[*position].name)))
    }

    /// Adds a registered view, by its position in [`VIEWS`], to those that [`Materializer::compute`]
    /// computes next.
    pub(crate) fn add(&mut self, position: usize) {
        self.waiting.push(position);
    }

    /// Computes the waiting views: at the same time if there is enough memory, else one after the other.
    /// Then releases the results that no later view reads. Returns the names of the computed views.
    ///
    /// # Errors
    /// Returns the first error as soon as it occurs; other views in flight are dropped. A damaged meetings
    /// file is thus reported before all mail is read.
    pub(crate) async fn compute(&mut self) -> Result<Vec<&'static str>> {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(&reached) = waiting.last() else { return Ok(vec![]) };
        let names: Vec<_> = waiting.iter().map(|position| VIEWS[*position].name).collect();
        names.iter().for_each(|name| self.progress.stage(name));
        let computed = names.iter().map(|name| materialize(self.ctx, name));
        let computed = if is_plentiful(self.ctx.runtime_env().memory_pool.as_ref()) {
            try_join_all(computed).await?
        } else {
            stream::iter(computed).then(|view| view).try_collect().await?
        };
        for (name, (view, stage)) in names.iter().zip(computed) {
            self.results.push((name, view));
            self.stages.push(stage);
        }
        self.results.retain(|(name, view)| {
            let is_read_later = self.last_readers.get(name).is_none_or(|last| *last > reached);
            if !is_read_later {
                view.release();
            }
            is_read_later
        });
        Ok(names)
    }
}

/// Computes a view and registers the result under its name instead of the view.
pub(crate) async fn materialize(ctx: &SessionContext, name: &str) -> Result<(Arc<Materialized>, Stage)> {
    let timer = StageTimer::start(ctx, name);
    let frame = ctx.table(quoted(name)).await?;
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    let view = Arc::new(Materialized::compute(name, Arc::clone(&plan), context).await?);
    ctx.deregister_table(quoted(name))?;
    ctx.register_table(quoted(name), Arc::<Materialized>::clone(&view))?;
    let stage = timer.stop(plan.as_ref(), view.rows, view.bytes_spilled);
    Ok((view, stage))
}

/// For each materialized view, the position in [`VIEWS`] of the last materialized view that reads it,
/// directly or through views that are not materialized. Published views, views that they read in this way,
/// and [`ACCOUNT_MONTH`] are left out: their results remain until the end of the run.
fn last_readers(ctx: &SessionContext) -> Result<HashMap<&'static str, usize>> {
    let mut readers: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for (position, view) in VIEWS.iter().enumerate() {
        for name in view.reads(ctx)? {
            readers.entry(name).or_default().insert(position);
        }
    }
    let mut last = HashMap::new();
    for view in VIEWS.iter().filter(|v| v.materialized && v.layer != Layer::Office) {
        let (mut open, mut seen, mut to_the_end) = (vec![view.name], 0, view.name == ACCOUNT_MONTH);
        while let Some(name) = open.pop() {
            for position in readers.get(name).into_iter().flatten() {
                let reader = &VIEWS[*position];
                if reader.materialized {
                    seen = seen.max(*position);
                } else {
                    to_the_end |= reader.layer == Layer::Office;
                    open.push(reader.name);
                }
            }
        }
        if !to_the_end {
            last.insert(view.name, seen);
        }
    }
    Ok(last)
}
