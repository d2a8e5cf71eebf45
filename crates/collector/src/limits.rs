//! The bounds of a collector.

use crate::rate::Rate;
use std::time::Duration;

/// Everything a caller could make large or slow, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body: 50 events of 40 kB each, where an ordinary one has 0.5 kB.
    pub body_bytes: usize,
    /// Bytes of a body beyond that which are still read, and thrown away, so that a caller who
    /// is busy sending gets to see the answer instead of a broken connection.
    pub discarded_bytes: usize,
    /// Time for a request's body to arrive once its head has, while there is room for others.
    /// Bodies are small; a phone on a bad line sends 2 MiB in less.
    pub body_time: Duration,
    /// Time for a request's head to arrive, the wait for it on an idle connection included.
    pub head_time: Duration,
    /// Time for the head of a connection's first request, or for shaking hands and that: whoever
    /// connects means to ask something.
    pub first_head_time: Duration,
    /// How long a connection may be without a whole request when others have none; then one of
    /// those ends that took longer. A request on its way takes three trips around the world in that
    /// time.
    pub silence: Duration,
    /// Bytes of a request's head, which is also what a connection buffers. Trackers that send by
    /// `GET` put a whole event into it, contexts and all, and send again for ever what is refused.
    pub head_bytes: usize,
    /// Connections at a time; more wait in the listener's backlog, but for one. Each may hold one body, so
    /// this times `body_bytes` is the most memory callers can take.
    pub connections: usize,
    /// Time for a caller to shake hands over TLS, which is two ways there and back.
    pub handshake_time: Duration,
    /// How often the files of the certificate are looked at; they change every few weeks.
    pub certificate_look: Duration,
    /// Connections at a time of one client that is not on this machine, so that none takes all;
    /// an office behind one address keeps far fewer open.
    pub connections_per_client: usize,
    /// How fast one client may send events. A page in use sends one or two a second, so this
    /// serves an office behind one address, and a server that sends for all of its users when it
    /// is told to.
    pub rate: Rate,
    /// Whether that holds for programs on this machine too, which are trusted not to flood it.
    pub rate_on_loopback: bool,
    /// How often one client may show a wrong token before it is told to slow down. Nobody can
    /// guess one; this bounds what trying costs.
    pub wrong_tokens: Rate,
    /// Events in one batch: GitLab's number.
    pub batch_events: usize,
    /// Additional properties of one event, so that looking for duplicates stays cheap. Real
    /// definitions declare up to 20.
    pub properties: usize,
    /// Bytes of an event's name, a category, or an identifier. Each is written to the journal
    /// as it is, names of unknown events to the log too.
    pub name_bytes: usize,
    /// Bytes that are kept of the query, and of the body, of what a Snowplow tracker sent and
    /// nobody can use: enough to see what is wrong, and a thousand of them fit into the quarantine.
    pub kept_bytes: usize,
    /// Events in an answer where the question does not say: a screen or two.
    pub events_usually: usize,
    /// Events in an answer at most. A screen that is refreshed each second keeps up with a thousand
    /// events a second.
    pub events_at_most: usize,
    /// Bytes of an answer with events, about: four of the largest events there can be, and a
    /// thousand of 8 kB each. One event is in the answer however large it is.
    pub answer_bytes: usize,
    /// Bytes of events that are read from the journal at a time, while others wait for the reader.
    pub page_bytes: usize,
    /// Entries of the journal that are looked at for one answer, some tens of milliseconds of work:
    /// the events of one name may be rare.
    pub entries_looked_at: usize,
    /// Bytes of events that are looked at for one answer.
    pub bytes_looked_at: usize,
    /// Events that [`Micro`](crate::Micro) shows: those of a long run of tests.
    pub micro_events: usize,
    /// Bytes that they take in memory, about; an ordinary one has 5 kB with all that is shown.
    pub micro_bytes: usize,
    /// Time for which somebody may wait there for events; proxies give up after a minute too.
    pub micro_wait: Duration,
    /// Those who wait there at a time, so that half of the connections are left to trackers.
    pub micro_waiters: usize,
    /// Time for open requests to be answered when the server is told to end.
    pub shutdown_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 2 << 20,
            discarded_bytes: 8 << 20,
            body_time: Duration::from_secs(10),
            head_time: Duration::from_mins(1),
            first_head_time: Duration::from_secs(10),
            silence: Duration::from_secs(1),
            head_bytes: 64 << 10,
            connections: 1_024,
            handshake_time: Duration::from_secs(10),
            certificate_look: Duration::from_secs(10),
            connections_per_client: 128,
            rate: Rate { events_per_second: 100, burst: 1_000 },
            rate_on_loopback: false,
            wrong_tokens: Rate { events_per_second: 1, burst: 20 },
            batch_events: 50,
            properties: 100,
            name_bytes: 255,
            kept_bytes: 8 << 10,
            events_usually: 100,
            events_at_most: 1_000,
            answer_bytes: 8 << 20,
            page_bytes: 1 << 20,
            entries_looked_at: 10_000,
            bytes_looked_at: 64 << 20,
            micro_events: 10_000,
            micro_bytes: 64 << 20,
            micro_wait: Duration::from_mins(1),
            micro_waiters: 512,
            shutdown_time: Duration::from_secs(10),
        }
    }
}
