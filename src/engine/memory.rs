//! The memory limit of a session, and the folder for what exceeds it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::{fmt, fs};

use datafusion::common::Result;
use datafusion::execution::DiskManager;
use datafusion::execution::memory_pool::{
    GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use nix::unistd::{SysconfVar, sysconf};

use super::spill::Folder;

/// The default memory limit, as a share of the memory of the machine.
const SHARE_OF_MACHINE: f64 = 0.6;
/// The share of a memory limit that the pool hands out. The rest is for memory that DataFusion does not
/// count: decode buffers of readers, and batches that operators have emitted.
const SHARE_OF_LIMIT: f64 = 0.6;
/// An out-of-memory error names this many of the largest memory consumers.
const NAMED: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Limits of a session.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    /// The memory limit in bytes; by default 60 % of the memory of the machine.
    pub memory_limit: Option<usize>,
    /// The folder for spill files; by default the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
}

impl Resources {
    /// The memory limit in bytes, or its default; `None` if neither is known.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.memory_limit.or_else(|| Some((machine_memory()? as f64 * SHARE_OF_MACHINE) as usize))
    }

    /// The size of the memory pool in bytes; unlimited if there is no limit.
    fn pool_bytes(&self) -> usize {
        self.limit().map_or(usize::MAX, |limit| (limit as f64 * SHARE_OF_LIMIT) as usize)
    }

    pub(crate) fn runtime(&self) -> Result<Arc<RuntimeEnv>> {
        let pool_bytes = self.pool_bytes();
        let folder = self.spill_dir.clone().map_or_else(|| Ok(Folder::of_the_system()), Folder::given)?;
        RuntimeEnvBuilder::new()
            .with_disk_manager_builder(DiskManager::builder().with_temp_file_factory(Arc::new(folder)))
            .with_memory_pool(Arc::new(Observed::new(pool_bytes)))
            .build_arc()
    }
}

/// The size of a pool in bytes; `None` if it is unlimited or unknown.
pub(crate) fn limit(pool: &dyn MemoryPool) -> Option<usize> {
    match pool.memory_limit() {
        MemoryLimit::Finite(bytes) => Some(bytes),
        _ => None,
    }
}

/// The bytes that each of `sorts` concurrent sorts may reserve for its merge: at most `most`, and at most a
/// quarter of the pool for all of them together.
pub(crate) fn share_of(pool: &dyn MemoryPool, sorts: usize, most: usize) -> usize {
    limit(pool).map_or(most, |bytes| (bytes / 4 / sorts.max(1)).min(most))
}

/// The memory of this machine in bytes, or the limit of the control groups if that is smaller; `None` on
/// systems without `/proc/meminfo`.
fn machine_memory() -> Option<usize> {
    let total = fs::read_to_string("/proc/meminfo").ok()?;
    let total = total.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total = total.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.saturating_mul(1024);
    Some(allowed(Path::new("/")).map_or(total, |allowed| allowed.min(total)))
}

/// The memory limit of the control groups of this process in bytes: the smallest limit of its own groups and
/// their ancestors. `None` if there is no limit. `root` is `/` except in tests.
fn allowed(root: &Path) -> Option<usize> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    // Each line is `number:controllers:path`. In version 2 of control groups the list of controllers is
    // empty.
    let limits = groups.lines().filter_map(|line| {
        let (_, line) = line.split_once(':')?;
        let (controlled, group) = line.split_once(':')?;
        let (folder, file) = match controlled {
            "" => ("sys/fs/cgroup", "memory.max"),
            "memory" => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => return None,
        };
        // In a container the path can be that of the host, of which only the root exists inside. So the files
        // of all ancestors are tried.
        let groups = Path::new(group.trim_start_matches('/')).ancestors();
        let limit = |group| fs::read_to_string(root.join(folder).join(group).join(file)).ok();
        groups.filter_map(|group: &Path| limit(group)?.trim().parse::<usize>().ok()).min()
    });
    limits.min()
}

/// What a process may take beyond its memory limit, in bytes, by itself and for each thread of the engine. The engine
/// does not count it, so it does not shrink with the limit. It is measured on healthy inputs, and doubled.
const UNCOUNTED: (usize, usize) = (256 << 20, 128 << 20);

/// The memory in bytes that may be resident with this memory limit.
pub(crate) fn most_resident(limit: usize) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    limit.saturating_add(UNCOUNTED.0).saturating_add(UNCOUNTED.1.saturating_mul(threads))
}

/// The memory of this process in bytes that is resident now, without that of files and what is shared; `None` on
/// systems without `/proc/self/statm`.
pub(crate) fn resident() -> Option<usize> {
    // It is asked often, and this file is far smaller than `/proc/self/status`.
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = pages.split_whitespace().skip(1).map_while(|number| number.parse::<usize>().ok());
    let (resident, shared) = (pages.next()?, pages.next()?);
    let page_size = sysconf(SysconfVar::PAGE_SIZE).ok()??;
    Some(resident.saturating_sub(shared).saturating_mul(usize::try_from(page_size).ok()?))
}

/// The peak resident memory of this process in bytes (`VmHWM`); `None` on systems without
/// `/proc/self/status`.
pub fn peak_resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(size.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.saturating_mul(1024))
}

/// Whether several stages may run at the same time: at most a quarter of the memory is reserved. A stage that
/// runs alone can use all the rest, and not all of the memory that a stage needs can be spilled.
pub(crate) fn is_plentiful(pool: &dyn MemoryPool) -> bool {
    limit(pool).is_none_or(|bytes| pool.reserved() <= bytes / 4)
}

/// A memory pool with a limit, whose peak usage can be observed.
#[derive(Debug)]
pub(crate) struct Observed {
    pool: TrackConsumersPool<GreedyMemoryPool>,
    peaks: RwLock<Vec<Weak<AtomicUsize>>>,
}

impl Observed {
    fn new(bytes: usize) -> Self {
        Self { pool: TrackConsumersPool::new(GreedyMemoryPool::new(bytes), NAMED), peaks: RwLock::default() }
    }

    /// Starts to observe the peak of the reserved bytes. The returned counter is updated until it is dropped.
    pub(crate) fn peak(&self) -> Arc<AtomicUsize> {
        let peak = Arc::new(AtomicUsize::new(self.pool.reserved()));
        let mut peaks = self.peaks.write().unwrap_or_else(PoisonError::into_inner);
        peaks.retain(|peak| peak.strong_count() > 0);
        peaks.push(Arc::downgrade(&peak));
        peak
    }

    fn observe(&self) {
        let peaks = self.peaks.read().unwrap_or_else(PoisonError::into_inner);
        for peak in peaks.iter().filter_map(Weak::upgrade) {
            peak.fetch_max(self.pool.reserved(), Ordering::Relaxed);
        }
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool.fmt(f)
    }
}

impl MemoryPool for Observed {
    fn name(&self) -> &str {
        self.pool.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.pool.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.pool.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.pool.grow(reservation, additional);
        self.observe();
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.pool.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.pool.try_grow(reservation, additional)?;
        self.observe();
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.pool.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.pool.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_at_once_is_remembered() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Observed::new(100));
        let peak = || pool.downcast_ref::<Observed>().unwrap().peak();
        let one = MemoryConsumer::new("one").register(&pool);
        let from_the_start = peak();
        one.try_grow(70).unwrap();
        assert!(one.try_grow(40).is_err(), "no more than the limit");
        one.shrink(50);
        let later = peak();
        assert!(is_plentiful(pool.as_ref()));
        one.grow(10);
        assert!(!is_plentiful(pool.as_ref()));
        assert_eq!([from_the_start, later].map(|peak| peak.load(Ordering::Relaxed)), [70, 30]);
    }

    #[test]
    fn sorts_set_aside_what_there_is() {
        assert_eq!(share_of(&Observed::new(60 << 30), 8, 10 << 20), 10 << 20);
        // A quarter of 60 MB for four sorts.
        assert_eq!(share_of(&Observed::new(60_000_000), 4, 10 << 20), 3_750_000);
        assert_eq!(share_of(&Observed::new(0), 0, 10), 0);
    }

    #[test]
    fn a_part_of_a_limit_is_handed_out() {
        let resources = Resources { memory_limit: Some(100_000_000), spill_dir: None };
        assert_eq!(limit(resources.runtime().unwrap().memory_pool.as_ref()), Some(60_000_000));
    }

    #[test]
    fn control_groups_of_both_versions() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |file: &str, text: &str| {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), text).unwrap();
        };
        assert_eq!(allowed(root), None);
        write("proc/self/cgroup", "0::/jobs/nightly\n");
        assert_eq!(allowed(root), None);
        write("sys/fs/cgroup/jobs/nightly/memory.max", "max\n");
        write("sys/fs/cgroup/jobs/memory.max", "3000000\n");
        write("sys/fs/cgroup/memory.max", "4000000\n");
        assert_eq!(allowed(root), Some(3_000_000), "that of a group above it");
        write("proc/self/cgroup", "12:memory:/outside\n3:cpu,cpuacct:/outside\n0::/outside\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n");
        assert_eq!(allowed(root), Some(2_000_000), "in a container, and in the first version");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_machine_has_memory_and_this_process_has_some_of_it() {
        assert!(peak_resident().unwrap() < machine_memory().unwrap());
        let held = vec![1_u8; 64 << 20];
        assert!(resident().unwrap() > held.len() && resident() <= peak_resident());
    }
}
