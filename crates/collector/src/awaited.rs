//! A request's body that says when all of it has come.

use crate::seats::Seat;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body on its way: until its end has come, whoever sends it may have to make room for others.
pub(crate) struct Awaited<'a> {
    body: Incoming,
    seat: &'a Seat,
}

impl<'a> Awaited<'a> {
    /// Begins to wait for a body, which may have none of it to come.
    pub(crate) fn new(body: Incoming, seat: &'a Seat) -> Self {
        if body.is_end_stream() {
            seat.asks();
        } else {
            seat.sends();
        }
        Self { body, seat }
    }
}

impl Body for Awaited<'_> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.seat.asks();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
