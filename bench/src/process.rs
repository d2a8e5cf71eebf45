//! Processes: where they run, what they cost, how much memory they took.

use anyhow::{Context as _, Result, bail, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the program under test is expected unless this variable says otherwise.
const PROGRAM: &str = "INTERNAL_EVENTS_BIN";

/// Processor time that this thread spends on some work.
pub(crate) fn on_this_thread(work: impl FnOnce()) -> Result<Duration> {
    clocked(ClockId::CLOCK_THREAD_CPUTIME_ID, || {
        work();
        Ok(())
    })
}

/// Processor time that all threads of this process spend while some work is done.
pub(crate) fn on_all_threads(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    clocked(ClockId::CLOCK_PROCESS_CPUTIME_ID, work)
}

fn clocked(clock: ClockId, work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start: Duration = clock_gettime(clock)?.into();
    work()?;
    let end: Duration = clock_gettime(clock)?.into();
    Ok(end.saturating_sub(start))
}

/// Processor time of all threads of another process so far.
pub(crate) fn time_of(child: &Child) -> Result<Duration> {
    Ok(clock_gettime(clock_getcpuclockid(pid(child)?)?)?.into())
}

fn pid(child: &Child) -> Result<Pid> {
    Ok(Pid::from_raw(i32::try_from(child.id()).context("a process id beyond 31 bits")?))
}

/// Processor time of all processes that we started and that have ended.
fn time_of_the_ended() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |it: nix::sys::time::TimeVal| {
        Duration::from_secs(it.tv_sec().unsigned_abs())
            + Duration::from_micros(it.tv_usec().unsigned_abs())
    };
    Ok(micros(usage.user_time()) + micros(usage.system_time()))
}

/// Starts counting the peak of our own memory afresh.
pub(crate) fn forget_peak() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of memory")
}

/// Starts counting the peak of another process afresh.
pub(crate) fn forget_peak_of(child: &Child) -> Result<()> {
    let path = format!("/proc/{}/clear_refs", child.id());
    fs::write(path, "5").context("cannot reset the peak of memory")
}

/// The most memory this process had at once, in MiB.
pub(crate) fn own_peak() -> Result<f64> {
    peak(Path::new("/proc/self/status")).context("our own status has no peak of memory")
}

/// The most memory a running process had at once, in MiB.
pub(crate) fn peak_of(child: &Child) -> Result<f64> {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    peak(&status).context("the process has no peak of memory; has it ended?")
}

fn peak(status: &Path) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// The processors we may use.
pub(crate) fn processors() -> Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|it| set.is_set(*it).unwrap_or_default()).collect())
}

/// Keeps this thread, and what it starts, on some processors until dropped.
#[derive(Debug)]
pub(crate) struct Pinned {
    before: CpuSet,
}

impl Pinned {
    pub(crate) fn to(processors: &[usize]) -> Result<Self> {
        let before = sched_getaffinity(Pid::from_raw(0))?;
        let mut set = CpuSet::new();
        for processor in processors {
            set.set(*processor)?;
        }
        sched_setaffinity(Pid::from_raw(0), &set)?;
        Ok(Self { before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The set was ours a moment ago; if it is refused now, only later figures are less calm.
        let _ = sched_setaffinity(Pid::from_raw(0), &self.before);
    }
}

/// What one process cost from its start to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// Runs a command to its end; its output is thrown away.
pub(crate) fn run(command: &mut Command) -> Result<Cost> {
    quiet(command);
    let (cpu, start) = (time_of_the_ended()?, Instant::now());
    let status = command.status().with_context(|| started(command))?;
    let (wall, cpu) = (start.elapsed(), time_of_the_ended()?.saturating_sub(cpu));
    ensure!(status.success(), "`{command:?}` ended with {status}");
    Ok(Cost { wall, cpu })
}

/// Runs a command to its end and gives the most memory it had, in MiB.
///
/// The kernel forgets the figure with the process, so it is read over and over while it runs;
/// it only ever grows, and what the last instant adds is small.
pub(crate) fn run_for_peak(command: &mut Command) -> Result<f64> {
    quiet(command);
    let mut child = command.spawn().with_context(|| started(command))?;
    let mut most: f64 = 0.0;
    loop {
        if let Ok(now) = peak_of(&child) {
            most = most.max(now);
        }
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "`{command:?}` ended with {status}");
            return Ok(most);
        }
    }
}

fn quiet(command: &mut Command) {
    command.stdin(Stdio::null()).stdout(Stdio::null());
}

fn started(command: &Command) -> String {
    format!("could not start `{command:?}`")
}

/// A process that is killed when dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The release build of the program.
pub(crate) fn program() -> Result<PathBuf> {
    let program = match std::env::var_os(PROGRAM) {
        Some(configured) => PathBuf::from(configured),
        None => ourselves()?.with_file_name("internal-events"),
    };
    if !program.is_file() {
        bail!(
            "there is no program at {}: build it with `cargo build --release --locked`, or set \
             {PROGRAM}",
            program.display()
        );
    }
    Ok(program)
}

/// This very program, which is also the floor of what other processes do.
pub(crate) fn ourselves() -> Result<PathBuf> {
    std::env::current_exe().context("cannot find this program on disk")
}
