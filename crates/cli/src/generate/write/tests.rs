use super::Failure;
use internal_events_definitions::generate::{Existing, FileKind, PlannedFile};
use std::cell::Cell;
use std::fs;
use std::path::Path;

fn file(path: &str, text: &str) -> PlannedFile {
    let (path, text) = (path.to_owned(), text.to_owned());
    PlannedFile { path, text, kind: FileKind::Metric, replaces: false }
}

fn write(root: &Path, files: &[PlannedFile], policy: Existing) -> Result<(), Failure> {
    super::write(root, files, policy, &|| false)
}

/// Every path below a folder, with the text of files.
fn tree(folder: &Path) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(it) = folders.pop() {
        for entry in fs::read_dir(it).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                found.push((name, None));
                folders.push(path);
            } else {
                found.push((name, Some(fs::read_to_string(path).unwrap())));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_file_that_appears_meanwhile_is_neither_replaced_nor_are_others_left() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("b")).unwrap();
    fs::write(root.path().join("b/2.yml"), "theirs").unwrap();
    let before = tree(root.path());
    for policy in [Existing::Refuse, Existing::Keep] {
        let files = [file("a/x/1.yml", "1"), file("b/2.yml", "ours"), file("c/3.yml", "3")];
        match write(root.path(), &files, policy) {
            Err(Failure::Exists(path)) => assert_eq!(path, "b/2.yml"),
            other => panic!("{other:?}"),
        }
        assert_eq!(tree(root.path()), before);
    }
}

#[test]
fn a_dangling_link_is_in_the_way_too() {
    let root = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("1.yml")).unwrap();
    let res = write(root.path(), &[file("1.yml", "1")], Existing::Refuse);
    assert!(matches!(res, Err(Failure::Exists(_))), "{res:?}");
    assert!(!root.path().join("nowhere").exists());
}

#[test]
fn whichever_file_fails_everything_is_as_before() {
    let paths = ["a/1.yml", "a/2.yml", "b/c/3.yml", "4.yml"];
    for broken in 0..paths.len() {
        for policy in [Existing::Refuse, Existing::Replace] {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir(root.path().join("a")).unwrap();
            if policy == Existing::Replace && broken != 0 {
                fs::write(root.path().join("a/1.yml"), "old").unwrap();
            }
            // A folder of that name can be neither created as a file nor replaced by one.
            fs::create_dir_all(root.path().join(paths[broken])).unwrap();
            let before = tree(root.path());
            let files: Vec<PlannedFile> = paths.iter().map(|it| file(it, "new")).collect();
            assert!(write(root.path(), &files, policy).is_err());
            assert_eq!(tree(root.path()), before, "{} {policy:?}", paths[broken]);
        }
    }
}

#[test]
fn replaced_files_come_back_with_their_identity() {
    use std::os::unix::fs::MetadataExt as _;
    let root = tempfile::tempdir().unwrap();
    let old = root.path().join("1.yml");
    fs::write(&old, "old").unwrap();
    let inode = fs::metadata(&old).unwrap().ino();
    fs::create_dir(root.path().join("2.yml")).unwrap();
    let files = [file("1.yml", "new"), file("2.yml", "new")];
    assert!(write(root.path(), &files, Existing::Replace).is_err());
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    assert_eq!(fs::metadata(&old).unwrap().ino(), inode);

    fs::remove_dir(root.path().join("2.yml")).unwrap();
    assert!(write(root.path(), &files, Existing::Replace).is_ok());
    assert_eq!(
        tree(root.path()),
        ["1.yml", "2.yml"].map(|it| (it.to_owned(), Some("new".to_owned())))
    );
}

#[test]
fn wherever_it_is_interrupted_everything_is_as_before() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("a")).unwrap();
    fs::write(root.path().join("a/2.yml"), "old").unwrap();
    let before = tree(root.path());
    let files = ["a/1.yml", "a/2.yml", "b/c/3.yml"].map(|it| file(it, "new"));
    let mut n_steps = 0;
    loop {
        let n_looks = Cell::new(0);
        let is_interrupted = || n_looks.replace(n_looks.get() + 1) == n_steps;
        match super::write(root.path(), &files, Existing::Replace, &is_interrupted) {
            Err(Failure::Interrupted) => assert_eq!(tree(root.path()), before, "{n_steps}"),
            Ok(()) => break,
            other => panic!("{other:?}"),
        }
        n_steps += 1;
    }
    assert_eq!(n_steps, 2 * files.len() + 1);
    assert_eq!(tree(root.path()).len(), 2 + files.len() + 1);
}
