use super::*;

#[test]
fn what_a_server_says_about_itself_is_read() {
    let names = |info: &str| -> Vec<String> {
        let guards = of_server("h:1", &info.replace(' ', "\r\n"));
        guards.iter().map(|it| format!("{it:?}").split(' ').next().unwrap().to_owned()).collect()
    };
    for (info, expected) in [
        ("redis_version:7.0.15 maxmemory:0 maxmemory_policy:allkeys-lru role:master", vec![]),
        ("maxmemory:1000 maxmemory_policy:noeviction cluster_enabled:0", vec![]),
        ("maxmemory:1000 maxmemory_policy:volatile-ttl", vec!["MayEvict"]),
        ("redis_version:6.2.0", vec![]),
        ("redis_version:6.0.16", vec!["TooOld"]),
        ("redis_version:5.0.7 role:slave", vec!["ReadOnly", "TooOld"]),
        ("redis_version:10.1", vec![]),
        ("redis_version:unstable", vec![]),
        ("rdb_last_bgsave_status:ok aof_last_write_status:err", vec!["CannotPersist"]),
        ("rdb_last_bgsave_status:err", vec!["CannotPersist"]),
        ("cluster_enabled:1", vec!["IsCluster"]),
        ("", vec![]),
    ] {
        assert_eq!(names(info), expected, "{info}");
    }
}
