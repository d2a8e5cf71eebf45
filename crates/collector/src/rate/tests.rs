use super::*;
use std::net::{Ipv4Addr, Ipv6Addr};

const RATE: Rate = Rate { events_per_second: 10, burst: 5 };
const SECOND: u64 = 1_000_000_000;

fn v4(n: u32) -> Client {
    Client::from(IpAddr::from(Ipv4Addr::from_bits(n)))
}

/// How many single events get in at one moment.
fn admitted(buckets: &Buckets, client: Client, now: u64) -> u32 {
    (0..100).map(|_| u32::from(buckets.take_at(client, 1, now).is_ok())).sum()
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let buckets = Buckets::new(RATE);
    assert_eq!(admitted(&buckets, v4(1), 0), 5);
    assert_eq!(buckets.take_at(v4(1), 1, 0), Err(Duration::from_millis(100)));
    assert_eq!(admitted(&buckets, v4(2), 0), 5, "others have buckets of their own");
    assert_eq!(admitted(&buckets, v4(1), SECOND / 5), 2);
    assert_eq!(admitted(&buckets, v4(1), SECOND), 5, "no more than its burst");
    assert_eq!(admitted(&buckets, v4(1), 3_600 * SECOND), 5, "however long it waits");
}

#[test]
fn many_events_in_one_request_are_paid_for_one_by_one() {
    let buckets = Buckets::new(RATE);
    assert_eq!(buckets.take_at(v4(1), 50, 0), Ok(()));
    assert_eq!(buckets.take_at(v4(1), 1, 0), Err(Duration::from_millis(4_600)));
    assert_eq!(admitted(&buckets, v4(1), 4 * SECOND), 0);
    assert_eq!(admitted(&buckets, v4(1), 5 * SECOND), 5);
}

#[test]
fn a_network_of_64_bits_is_one_client() {
    let buckets = Buckets::new(RATE);
    let address = |network: u128, host: u128| {
        Client::from(IpAddr::from(Ipv6Addr::from_bits(network << 64 | host)))
    };
    let network = 0x2001_0db8_0000_0001;
    let n: u32 = (0..1_000)
        .map(|host| u32::from(buckets.take_at(address(network, host), 1, 0).is_ok()))
        .sum();
    assert_eq!(n, 5);
    assert_eq!(admitted(&buckets, address(network + 1, 0), 0), 5);
    let mapped = Ipv4Addr::from_bits(7).to_ipv6_mapped();
    assert_eq!(Client::from(IpAddr::from(mapped)), v4(7), "however the socket reports it");
    assert_ne!(address(0, 7), v4(7));
}

#[test]
fn a_flood_of_addresses_makes_nobody_forgotten() {
    let buckets = Buckets::new(RATE);
    assert_eq!(admitted(&buckets, v4(1), 0), 5);
    for n in 2..200_000 {
        let _ = buckets.take_at(v4(n), 1, 0);
    }
    assert_eq!(admitted(&buckets, v4(1), 0), 0);
}

#[test]
fn numbers_at_the_edge_do_no_harm() {
    for rate in [
        Rate { events_per_second: 0, burst: 0 },
        Rate { events_per_second: u32::MAX, burst: u32::MAX },
        Rate { events_per_second: 1, burst: u32::MAX },
    ] {
        let buckets = Buckets::new(rate);
        for now in [0, SECOND, u64::MAX / 4] {
            let _ = buckets.take_at(v4(1), u32::MAX, now);
        }
    }
}

#[test]
fn clients_at_once_get_no_more_than_one_after_the_other() {
    let buckets = Buckets::new(Rate { events_per_second: 1, burst: 100 });
    let n = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let taken = (0..100).filter(|_| buckets.take_at(v4(1), 1, 0).is_ok()).count();
                n.fetch_add(taken as u64, Ordering::Relaxed);
            });
        }
    });
    // Each of the two buckets is exact; taking from one and owing to the other is two steps.
    assert!((100..=104).contains(&n.into_inner()));
}
