use super::*;

#[test]
fn the_innermost_mount_tells_the_type() {
    let mountinfo = "\
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n\
        40 22 0:45 / /mnt rw - fuse.sshfs host:/ rw\n\
        41 40 0:46 / /mnt/with\\040space rw shared:2 - ext4 /dev/sdb rw\n";
    let check = |dir: &str, kind: &str| {
        assert_eq!(mounted_as(mountinfo, Path::new(dir)).as_deref(), Some(kind), "{dir}");
    };
    check("/var/data", "ext4");
    check("/mnt/data", "fuse.sshfs");
    check("/mnt", "fuse.sshfs");
    check("/mntx", "ext4");
    check("/mnt/with space/data", "ext4");
}

#[test]
fn free_space_is_asked_for_now_and_then_and_always_while_there_is_too_little() {
    let dir = tempfile::tempdir().unwrap();
    let mut space = Space::default();
    for _ in 0..3 {
        let error = space.check(dir.path(), u64::MAX, 10).unwrap_err();
        assert!(matches!(error, Error::NoSpace { reserve: u64::MAX, .. }), "{error}");
    }
    for _ in 0..LOOK_GROUPS {
        space.check(dir.path(), 0, 10).unwrap();
        assert!(space.groups_left < LOOK_GROUPS);
    }
    assert!(space.check(dir.path(), u64::MAX, 10).is_err(), "after so many groups");
    space.check(dir.path(), 0, 10).unwrap();
    assert!(space.check(dir.path(), u64::MAX, LOOK_BYTES).is_err(), "or so many bytes");
}

#[test]
fn network_file_systems_are_told_from_local_ones() {
    let mounts = || {
        "22 1 8:1 / / rw - ext4 /dev/root rw\n\
         40 22 0:45 / /far rw - fuse.sshfs host:/ rw\n\
         41 22 0:46 / /near rw - fuse.gocryptfs /crypt rw\n"
            .to_owned()
    };
    let check = |magic: i128, dir: &str, expected: Option<&str>| {
        assert_eq!(network(magic, mounts, Path::new(dir)).as_deref(), expected, "{magic:x} {dir}");
    };
    check(0x6969, "/", Some("NFS"));
    check(0xff53_4d42, "/", Some("CIFS"));
    check(0x0102_1997, "/", Some("9P"));
    check(0xef53, "/", None);
    check(0x0102_1994, "/", None);
    check(FUSE, "/far/data", Some("fuse.sshfs"));
    check(FUSE, "/near/data", None);
    refuse_network(tempfile::tempdir().unwrap().path()).unwrap();
}
