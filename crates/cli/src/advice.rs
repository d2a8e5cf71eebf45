//! What a person does about a store that cannot be used: said with every error that comes of one.

use internal_events::OpenError;
use internal_events::store::{Error, Finding};
use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

/// What to do about a store that is damaged.
pub(crate) const RESTORE: &str = "stop what uses the directory, keep a copy of it, and put the last backup in its place; \
     docs/operations.md says how";

/// Bytes of the longest path that SQLite opens.
const LONGEST_PATH: usize = 511;

/// What to do where the system gives no thread.
const THREADS: &str = "allow this program more memory or threads: `ulimit -v` and `ulimit -u` show what \
                       it has, and a service manager or container may have limits of its own";

/// What to do about a counter that is damaged.
const REPAIR: &str = "`internal-events journal repair` says whether the journal can bring it back";

/// What to do about something that verifying has found.
pub(crate) fn of_finding(finding: &Finding) -> &'static str {
    match finding {
        Finding::Unreadable(Error::Counter { .. }) => REPAIR,
        Finding::Unreadable(Error::Kept { .. } | Error::Outbox { .. }) => {
            "all else can be read and used without it"
        }
        _ => RESTORE,
    }
}

/// Finds the store's error among the causes of another, and says what to do about it.
pub(crate) fn for_error(error: &anyhow::Error) -> Option<String> {
    let finding = || error.downcast_ref::<Finding>().map(|it| of_finding(it).to_owned());
    let threads = || error.chain().any(is_no_thread).then(|| THREADS.to_owned());
    error.chain().find_map(store_error).map(of).or_else(finding).or_else(threads)
}

/// The system gives no thread, or no memory for one.
#[derive(Debug)]
pub(crate) struct NoThread {
    /// What is to run there.
    pub(crate) what: &'static str,
    /// What the system says.
    pub(crate) source: io::Error,
}

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start {}", self.what)
    }
}

impl std::error::Error for NoThread {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

fn is_no_thread(cause: &(dyn std::error::Error + 'static)) -> bool {
    let of_tracker = cause.downcast_ref::<OpenError>();
    cause.is::<NoThread>() || of_tracker.is_some_and(|it| matches!(it, OpenError::Thread(_)))
}

/// The store's error, also where somebody else holds it too.
fn store_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let owned = cause.downcast_ref::<Error>();
    let boxed = || cause.downcast_ref::<Box<Error>>().map(AsRef::as_ref);
    let shared = || cause.downcast_ref::<Arc<Error>>().map(AsRef::as_ref);
    owned.or_else(boxed).or_else(shared)
}

/// What to do about an error of the store.
pub(crate) fn of(error: &Error) -> String {
    match error {
        Error::Emptied { .. } => format!("{RESTORE}. To begin anew, delete the whole directory"),
        Error::Log { .. } => format!(
            "{RESTORE}. If there is none, `internal-events journal repair --write` ends the log at \
             the damage, keeps it as it was, and goes on with what was accepted before"
        ),
        Error::InUse { .. } => {
            "stop what uses the directory; `internal-events doctor` says which process it is"
                .to_owned()
        }
        Error::Replaced { .. } => {
            "put the directory back as it was and all goes on; to go on with what is there now, \
             start what uses it again"
                .to_owned()
        }
        Error::NotAStore { .. } => {
            format!(
                "nothing was changed; --data names another directory. If this was one: {RESTORE}"
            )
        }
        Error::NewerFormat { .. } => "nothing was changed; use a program that can read it, or put \
                                      a backup from before it was brought up to date in its place"
            .to_owned(),
        Error::NoStore { .. } => {
            "nothing was tracked there yet; --root or --data says where to look".to_owned()
        }
        Error::NetworkFileSystem { .. } => {
            "--data, or `data` in internal-events.toml, names another directory".to_owned()
        }
        Error::NoSpace { .. } => {
            "make room, or lower `[journal] reserve` in internal-events.toml".to_owned()
        }
        Error::Clock { .. } => "set the clock of this machine (`date` shows it); whatever tracks \
                               goes on by itself then"
            .to_owned(),
        Error::Exists { .. } => "name a directory that has no data yet".to_owned(),
        Error::Busy { .. } => "nothing is lost; try again when it goes on or has ended".to_owned(),
        Error::LogWithoutIndex { .. } => {
            "nothing is lost: the next program that tracks mends that".to_owned()
        }
        Error::Counter { .. } => REPAIR.to_owned(),
        Error::Redis(_) => {
            "`internal-events doctor` asks Redis too, and docs/redis.md says what it needs"
                .to_owned()
        }
        _ => of_file(error),
    }
}

/// What to do about an error that says less than what SQLite or the system says of it.
fn of_file(error: &Error) -> String {
    match error {
        Error::Open { .. } if error.is_damage() => RESTORE.to_owned(),
        _ if error.is_damage() => {
            format!("`internal-events journal verify` says what is damaged; {RESTORE}")
        }
        Error::Open { path, .. } if is_too_long(path) => {
            "the whole path of a database may have 511 bytes: name a directory with a shorter one \
             by --data, or `data` in internal-events.toml"
                .to_owned()
        }
        _ if error.is_full() => {
            "make room on the disk of the data directory; whatever tracks goes on by itself then"
                .to_owned()
        }
        _ if error.is_read_only() => {
            "see that the disk is mounted for writing, and that the files belong to the user that \
             this runs as; `internal-events doctor` says more"
                .to_owned()
        }
        Error::Create { .. } | Error::Lock { .. } | Error::Open { .. } => {
            "see that the directory and its files belong to the user that this runs as, and that \
             there is room, for files that are open too (`ulimit -n`); `internal-events doctor` \
             says more"
                .to_owned()
        }
        _ => "`internal-events doctor` looks at disk, rights and data, and `internal-events \
              journal verify` at everything that is stored"
            .to_owned(),
    }
}

/// Whether SQLite takes no such path; it counts from the root.
fn is_too_long(path: &Path) -> bool {
    std::path::absolute(path).is_ok_and(|it| it.as_os_str().len() > LONGEST_PATH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn what_the_system_says_of_a_file_decides_what_to_do() {
        let cases = [
            (ErrorKind::ReadOnlyFilesystem, "mounted for writing"),
            (ErrorKind::StorageFull, "make room"),
            (ErrorKind::PermissionDenied, "belong to the user"),
        ];
        for (kind, advice) in cases {
            let path = Path::new("data/writers").to_owned();
            let of = of(&Error::Create { path, source: kind.into() });
            assert!(of.contains(advice), "{kind}: {of}");
        }
    }
}
