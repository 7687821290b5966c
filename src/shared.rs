//! The views that a run computes once and keeps: several at the same time, where none reads another.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Result;
use crate::kept::Kept;
use crate::memory::is_plentiful;
use crate::run::Progress;
use crate::timings::{Stage, Watch};
use crate::views::{Layer, VIEWS, View, quoted};

/// The shared views of a run.
pub(crate) struct Shared<'a> {
    ctx: &'a SessionContext,
    progress: &'a dyn Progress,
    last_readers: HashMap<&'static str, usize>,
    /// Registered, not yet computed: their places in [`VIEWS`].
    waiting: Vec<usize>,
    kept: Vec<(&'static str, Arc<Kept>)>,
    /// Where the time went, in the order of [`VIEWS`].
    pub(crate) stages: Vec<Stage>,
}

impl<'a> Shared<'a> {
    pub(crate) fn new(ctx: &'a SessionContext, progress: &'a dyn Progress) -> Result<Self> {
        let last_readers = last_readers(ctx)?;
        Ok(Self { ctx, progress, last_readers, waiting: vec![], kept: vec![], stages: vec![] })
    }

    /// Whether a view reads one that is not yet computed. It cannot be registered before that is: its
    /// plan would compute it once more.
    pub(crate) fn keeps_waiting(&self, view: &View) -> Result<bool> {
        let reads = view.reads(self.ctx)?;
        Ok(self.waiting.iter().any(|position| reads.contains(&VIEWS[*position].name)))
    }

    /// The view at this place is registered, and to be computed with the next.
    pub(crate) fn add(&mut self, position: usize) {
        self.waiting.push(position);
    }

    /// Computes the views that are waiting, at the same time if there is room for that; lets go what
    /// nobody reads any more, and says which were computed. Of several errors the one that comes first is
    /// told: nobody should wait for all mail to hear that the meetings are damaged.
    pub(crate) async fn compute(&mut self) -> Result<Vec<&'static str>> {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(&reached) = waiting.last() else { return Ok(vec![]) };
        let names: Vec<_> = waiting.iter().map(|position| VIEWS[*position].name).collect();
        names.iter().for_each(|name| self.progress.stage(name));
        let computed = names.iter().map(|name| keep(self.ctx, name));
        let computed = if is_plentiful(self.ctx.runtime_env().memory_pool.as_ref()) {
            try_join_all(computed).await?
        } else {
            stream::iter(computed).then(|view| view).try_collect().await?
        };
        for (name, (kept, stage)) in names.iter().zip(computed) {
            self.kept.push((name, kept));
            self.stages.push(stage);
        }
        self.kept.retain(|(name, view)| {
            let is_read_later = self.last_readers.get(name).is_none_or(|last| *last > reached);
            if !is_read_later {
                view.release();
            }
            is_read_later
        });
        Ok(names)
    }
}

/// Computes a view once and puts the result in its place.
async fn keep(ctx: &SessionContext, name: &str) -> Result<(Arc<Kept>, Stage)> {
    let watch = Watch::start(ctx, name);
    let frame = ctx.table(quoted(name)).await?;
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    let kept = Arc::new(Kept::compute(name, Arc::clone(&plan), context).await?);
    ctx.deregister_table(quoted(name))?;
    ctx.register_table(quoted(name), Arc::<Kept>::clone(&kept))?;
    let stage = watch.stop(plan.as_ref(), kept.rows, kept.bytes_spilled);
    Ok((kept, stage))
}

/// By view that is kept: the place in [`VIEWS`] of the last kept view that reads it, directly or
/// through views that are not kept. What is published, and what it reads, is not here: they are held
/// to the end.
fn last_readers(ctx: &SessionContext) -> Result<HashMap<&'static str, usize>> {
    let mut readers: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for (position, view) in VIEWS.iter().enumerate() {
        for name in view.reads(ctx)? {
            readers.entry(name).or_default().insert(position);
        }
    }
    let mut last = HashMap::new();
    for view in VIEWS.iter().filter(|v| v.shared && v.layer != Layer::Office) {
        let (mut open, mut seen, mut to_the_end) = (vec![view.name], 0, false);
        while let Some(name) = open.pop() {
            for position in readers.get(name).into_iter().flatten() {
                let reader = &VIEWS[*position];
                if reader.shared {
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
