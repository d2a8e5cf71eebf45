//! A Cluster: the same, with keys in slots of their own.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use internal_events_store::{
    Counter, FailureCause, Kind, RedisOptions, RedisReader, StoredChange, StoredEntry,
};

use super::driver::{Driver, JOURNAL, assert_alike};
use super::journal::{counted, entry, random, update};
use super::relay::{Lost, Relay};
use super::sentinel::wait_until;
use super::server::{Server, free_port};

pub(super) struct Cluster {
    nodes: Vec<Server>,
    /// Where each node says it can be reached, if not at its own port.
    relays: Vec<Relay>,
}

impl Cluster {
    /// Starts three primaries, and three replicas if asked for.
    pub(super) fn start(n_replicas: usize) -> Option<Self> {
        let nodes: Option<Vec<Server>> = (0..3 + 3 * n_replicas)
            .map(|_| {
                Server::with(&[
                    "--save",
                    "",
                    "--cluster-enabled",
                    "yes",
                    "--cluster-port",
                    &free_port().to_string(),
                    "--cluster-node-timeout",
                    "1000",
                ])
            })
            .collect();
        let cluster = Self { nodes: nodes?, relays: Vec::new() };
        cluster.join(n_replicas);
        Some(cluster)
    }

    /// Starts three primaries that are reached only through relays.
    fn behind_relays() -> Option<Self> {
        let mut cluster = Self::start(0)?;
        cluster.relays = cluster.nodes.iter().map(|it| Relay::start(it.port())).collect();
        for (node, relay) in cluster.nodes.iter().zip(&cluster.relays) {
            let port = relay.port();
            node.connect(0).say::<()>(&format!("CONFIG SET cluster-announce-port {port}"));
        }
        let ports: Vec<u16> = cluster.relays.iter().map(Relay::port).collect();
        for node in &cluster.nodes {
            let mut plain = node.connect(0);
            wait_until(|| {
                let nodes: String = plain.say("CLUSTER NODES");
                ports.iter().all(|it| nodes.contains(&format!("127.0.0.1:{it}@")))
            });
        }
        Some(cluster)
    }

    fn join(&self, n_replicas: usize) {
        let mut command = Command::new("redis-cli");
        command.args(["--cluster", "create"]);
        command.args(self.nodes.iter().map(|it| format!("127.0.0.1:{}", it.port())));
        command.args(["--cluster-replicas", &n_replicas.to_string(), "--cluster-yes"]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for node in &self.nodes {
            let mut plain = node.connect(0);
            wait_until(|| plain.say::<String>("CLUSTER INFO").contains("cluster_state:ok"));
            wait_until(|| !plain.say::<String>("INFO replication").contains("link_status:down"));
        }
    }

    pub(super) fn url(&self) -> String {
        let ports = match &self.relays[..] {
            [] => self.nodes.iter().map(Server::port).collect::<Vec<_>>(),
            relays => relays.iter().map(Relay::port).collect(),
        };
        let nodes: Vec<String> = ports.iter().map(|it| format!("127.0.0.1:{it}")).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// Reads through our own reader, and asserts that nothing else is there.
    fn assert_counted(&self, expected: &BTreeMap<String, Counter>) {
        let kinds: Vec<(&str, Kind)> =
            expected.iter().map(|(key, it)| (&**key, it.kind())).collect();
        let options = RedisOptions::parse(&self.url()).unwrap();
        let mut reader = RedisReader::new(options, JOURNAL);
        let reading = reader.counters(&kinds).unwrap();
        assert_alike(reading.counters.iter(), expected);
    }

    fn flush(&self) {
        for node in &self.nodes {
            // A replica is flushed by its primary.
            drop(node.connect(0).try_run::<()>(&[b"FLUSHALL"]));
        }
    }
}

/// Keys with tags, and five that are overridden and lie in slots of their own.
fn overridden(seed: u64, len: u64) -> Vec<StoredEntry> {
    let mut journal = random(seed, len);
    for it in &mut journal {
        let key = format!("USAGE_{}", it.sequence % 5);
        it.updates.push(update(&key, StoredChange::Add(1)));
    }
    journal
}

#[test]
fn a_cluster_whose_connections_are_cut_counts_nothing_twice() {
    let Some(cluster) = Cluster::behind_relays() else { return };
    let journal = overridden(51, 30);
    let expected = counted(&journal);
    for lost in [Lost::Request, Lost::Answer] {
        for node in 0..3 {
            let mut n_cuts = 0;
            for step in (0..).step_by(2) {
                cluster.flush();
                cluster.relays[node].cut(lost, step);
                let mut driver = Driver::new(&cluster.url());
                driver.drive(&journal);
                let is_whole = cluster.relays[node].is_whole(lost);
                cluster.relays[node].cut(lost, -1);
                cluster.assert_counted(&expected);
                assert!(driver.notices.is_empty() && driver.failed.is_empty());
                if is_whole {
                    break;
                }
                n_cuts += 1;
            }
            assert!(n_cuts > 3, "{lost:?} {node}: each node is asked");
        }
    }
}

#[test]
fn a_cluster_goes_on_when_replicas_take_over() {
    let Some(mut cluster) = Cluster::start(1) else { return };
    let journal = overridden(52, 150);
    let mut driver = Driver::new(&cluster.url());
    driver.drive(&journal[..50]);
    cluster.assert_counted(&counted(&journal[..50]));
    // One after the other takes over by itself, and then one because its primary is gone.
    for replica in 3..6 {
        cluster.nodes[replica].connect(0).say::<()>("CLUSTER FAILOVER");
        driver.drive(&journal[..50 + 15 * (replica - 2)]);
    }
    cluster.assert_counted(&counted(&journal[..95]));
    cluster.nodes[4].kill();
    wait_until(|| driver.resume(&journal).is_ok() && driver.step(&journal).is_ok());
    driver.drive(&journal);
    cluster.assert_counted(&counted(&journal));
}

#[test]
fn keys_that_no_slot_can_be_shared_with_are_counted_drops_in_a_cluster_only() {
    let Some(cluster) = Cluster::start(0) else { return };
    let journal = vec![entry(
        1,
        vec![
            update("a}b", StoredChange::Add(1)),
            update("{}c", StoredChange::Add(1)),
            update("{event_counters}_d", StoredChange::Add(1)),
        ],
    )];
    let mut driver = Driver::new(&cluster.url());
    driver.drive(&journal);
    let failed: Vec<_> = driver.failed.iter().map(|it| (&*it.key, it.cause, it.updates)).collect();
    let cause = FailureCause::NoSlot;
    assert_eq!(failed, [("a}b", cause, 1), ("{}c", cause, 1)]);
    cluster.assert_counted(&BTreeMap::from([("{event_counters}_d".to_owned(), Counter::Total(1))]));

    let Some(server) = Server::start() else { return };
    let mut driver = Driver::new(&server.url());
    driver.drive(&journal);
    assert!(driver.failed.is_empty());
    super::driver::assert_counted(&mut server.connect(0), &counted(&journal));
}

#[test]
fn a_cluster_and_a_single_server_are_told_apart() {
    let Some(cluster) = Cluster::start(0) else { return };
    let counters = |url: &str| Driver::new(url).counters;
    assert_eq!(counters(&cluster.url()).guards().unwrap(), []);
    let alone = cluster.nodes[0].url();
    let guards = counters(&alone).guards().unwrap();
    assert!(matches!(&guards[..], [it] if it.is_fatal()), "{guards:?}");
    assert!(guards[0].to_string().contains("redis+cluster://"), "{}", guards[0]);
}
