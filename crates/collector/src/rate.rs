//! How many events a client may send: a bucket that fills steadily, and is emptied by events.
//!
//! The table of buckets has a fixed size and knows no addresses: a client is hashed, with a key
//! of this process, to two of the buckets, and is let in if either has something in it. So no
//! flood of addresses makes it grow or makes it forget, and a client is kept out by others only
//! if both of its buckets are theirs too.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How fast a bucket fills, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Events that may come each second, again and again; at least 1.
    pub events_per_second: u32,
    /// Events that may come at once after a pause; at least 1.
    pub burst: u32,
}

/// Buckets of a process: half a mebibyte. While 30 clients send too much, about one of a million
/// others is taken for one of them.
const BUCKETS: usize = u16::MAX as usize + 1;

/// A client: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Client(u64);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            // No IPv6 network begins with these bits.
            IpAddr::V4(it) => Self(1 << 48 | u64::from(it.to_bits())),
            IpAddr::V6(it) => Self((it.to_bits() >> 64) as u64),
        }
    }
}

/// One bucket: the time, in nanoseconds, at which it will be full again.
#[derive(Debug, Default)]
pub(crate) struct Bucket(AtomicU64);

impl Bucket {
    /// Takes `n` out if there is at least one in it, which may leave it owing; else says how
    /// long it takes until there is one.
    pub(crate) fn take(&self, n: u32, now: u64, rate: Rate) -> Result<(), Duration> {
        let each = nanos_each(rate);
        let has_one = u64::from(rate.burst.max(1) - 1) * each;
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let full_at = full_at.max(now);
            (full_at - now <= has_one).then(|| full_at.saturating_add(each * u64::from(n)))
        });
        let wait = |full_at: u64| Duration::from_nanos(full_at.saturating_sub(now + has_one));
        taken.map(drop).map_err(wait)
    }

    fn owe(&self, n: u32, now: u64, rate: Rate) {
        let owed = nanos_each(rate) * u64::from(n);
        let add = |full_at: u64| Some(full_at.max(now).saturating_add(owed));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

fn nanos_each(rate: Rate) -> u64 {
    1_000_000_000 / u64::from(rate.events_per_second.max(1))
}

/// The buckets of all clients.
#[derive(Debug)]
pub(crate) struct Buckets {
    rate: Rate,
    started: Instant,
    key: RandomState,
    table: Box<[Bucket]>,
}

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        let table = std::iter::repeat_with(Bucket::default).take(BUCKETS).collect();
        Self { rate, started: Instant::now(), key: RandomState::new(), table }
    }

    /// Lets `n` events of a client in, or says after how long to try again.
    ///
    /// More than a bucket holds may come in one request, for trackers decide how many they send;
    /// they are paid for afterwards.
    pub(crate) fn take(&self, client: Client, n: u32) -> Result<(), Duration> {
        self.take_at(client, n, self.now())
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn take_at(&self, client: Client, n: u32, now: u64) -> Result<(), Duration> {
        let hash = self.key.hash_one(client).to_le_bytes();
        let bucket = |at| &self.table[usize::from(u16::from_le_bytes([hash[at], hash[at + 1]]))];
        let (first, second) = (bucket(0), bucket(2));
        match first.take(n, now, self.rate) {
            Ok(()) => {
                second.owe(n, now, self.rate);
                Ok(())
            }
            Err(wait) => second.take(n, now, self.rate).map_err(|it| it.min(wait)),
        }
    }
}

#[cfg(test)]
mod tests;
