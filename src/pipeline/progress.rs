//! How a run reports its progress.

/// The name of the last stage. From then on, a run that is dropped may have published already.
pub(crate) const PUBLISH: &str = "publish";

/// Receives the names of the stages of a run, as they begin.
pub trait Progress: Sync {
    /// A stage begins. Its name is that of a view or table, `inputs` (the first) or `publish` (the last). Other
    /// stages may be in progress.
    fn stage(&self, name: &str);
}

/// Ignores the progress of a run.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str) {}
}
