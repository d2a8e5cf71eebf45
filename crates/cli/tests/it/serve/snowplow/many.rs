//! A collector that is away for longer than any tracker has room in its memory.

use super::collector::{Behaviour, Collector};
use super::{assert_arrived, labels, look, outbox, serve, shop_for, track, wait_for_delivery};
use crate::serve::server::TOTAL;

/// Events that wait.
fn ahead() -> usize {
    if std::env::var("KILLS").is_ok() { 100_000 } else { 10_000 }
}

#[test]
fn events_wait_while_the_collector_is_away_and_arrive_once_when_it_is_back() {
    let collector = Collector::down_at_first(|_| Behaviour::Take);
    let shop = shop_for(&collector, "");
    let server = serve(&shop);
    let n = ahead() as u64;
    let labels = labels("waits", ahead());
    track(&server, &labels);
    let away = look(&server);
    assert_eq!((away.accepted, away.pending, away.rejected), (n, n, 0));
    assert!(away.oldest_pending.is_some() && away.last_error.is_some(), "{away:?}");
    assert_eq!(server.metric(TOTAL), n);
    // Whoever comes next need not wait for the end of a pause.
    drop(server);
    collector.up();
    let server = serve(&shop);
    let back = wait_for_delivery(&server);
    assert_eq!((back.delivered, back.rejected, back.last_error), (n, 0, None));
    assert!(outbox(shop.path()).is_empty());
    assert_arrived(&collector, &labels, &[].into());
    let kept = collector.kept();
    assert_eq!(kept.duplicates(), 0);
    let requests = kept.requests.len();
    assert!(requests <= ahead() / 100 + ahead().div_ceil(1_000), "{requests} requests");
    assert!(kept.requests.iter().all(|it| it.events <= 100 && it.bytes <= 256 << 10));
}
