//! Until when a certificate is good.
//!
//! Of all that a certificate says this is the one thing nobody else here reads: the library that
//! serves with it leaves its dates to whoever connects. So the few fields before them are skipped.
//!
//! ```text
//! SEQUENCE                       certificate
//!   SEQUENCE                     what is signed
//!     [0] version                not in the first version
//!     INTEGER                    serial number
//!     SEQUENCE                   kind of signature
//!     SEQUENCE                   issuer
//!     SEQUENCE                   validity
//!       UTCTime | GeneralizedTime   from
//!       UTCTime | GeneralizedTime   until: YYMMDDhhmmssZ or YYYYMMDDhhmmssZ
//! ```

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The moment after which a certificate in DER is not good any more; none if it cannot be told.
pub(super) fn until(certificate: &[u8]) -> Option<Timestamp> {
    let mut signed = Fields(Fields(Fields(certificate).of(SEQUENCE)?).of(SEQUENCE)?);
    if signed.0.first() == Some(&VERSION) {
        signed.next()?;
    }
    for _serial_kind_issuer in 0..3 {
        signed.next()?;
    }
    let mut validity = Fields(signed.of(SEQUENCE)?);
    validity.next()?;
    let (tag, text) = validity.next()?;
    time(tag, text)
}

fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let digits = text.strip_suffix(b"Z")?;
    let (year, rest) = digits.split_at_checked(if tag == UTC_TIME { 2 } else { 4 })?;
    let year = match (tag, number(year)?) {
        // Two digits are of the years 1950 to 2049.
        (UTC_TIME, it @ 50..) => 1900 + it,
        (UTC_TIME, it) => 2000 + it,
        (GENERALIZED_TIME, it) => it,
        _ => return None,
    };
    let (fields, []) = rest.as_chunks::<2>() else { return None };
    let mut fields = fields.iter().map(|it| number(it).and_then(|it| i8::try_from(it).ok()));
    let mut field = || fields.next()?;
    let date = Date::new(year, field()?, field()?).ok()?;
    let time = Time::new(field()?, field()?, field()?, 0).ok()?;
    DateTime::from_parts(date, time).to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp())
}

fn number(digits: &[u8]) -> Option<i16> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Fields in DER, one after the other: tag, length, bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, length], rest) = self.0.split_first_chunk()?;
        let (length, rest) = if length < 0x80 {
            (usize::from(length), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let is_sane = bytes.len() <= 4;
            let length = bytes.iter().fold(0, |sum, it| sum << 8 | usize::from(*it));
            (if is_sane { length } else { return None }, rest)
        };
        let (field, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, field))
    }

    fn of(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, field)| field)
    }
}

#[cfg(test)]
mod tests;
