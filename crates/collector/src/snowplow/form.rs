//! The form each parameter of the protocol has.

use super::fault::{Fault, Notes};
use super::parameters::Parameters;

/// The form of a parameter's value.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Text of at most so many UTF-16 units, which is how Snowplow counts.
    Text(usize),
    Decimal,
    Flag,
    /// A whole number of 32 bits.
    Integer,
    Millis,
    Platform,
    /// Two whole numbers with an `x` between them.
    Size,
    Uuid,
}

const ANY: usize = usize::MAX;

/// The parameters that `payload_data` 1-0-4 names.
pub(super) const N_KNOWN: usize = 80;

/// Sorted by name. The longest texts are Snowplow's defaults.
const FORMS: [(&str, Form); N_KNOWN] = [
    ("ad_ad", Form::Text(ANY)),
    ("ad_ba", Form::Text(ANY)),
    ("ad_ca", Form::Text(ANY)),
    ("ad_uid", Form::Text(ANY)),
    ("aid", Form::Text(255)),
    ("cd", Form::Text(12)),
    ("co", Form::Text(ANY)),
    ("cookie", Form::Flag),
    ("cs", Form::Text(128)),
    ("ctype", Form::Text(ANY)),
    ("cx", Form::Text(ANY)),
    ("ds", Form::Size),
    ("dtm", Form::Millis),
    ("duid", Form::Text(128)),
    ("e", Form::Text(ANY)),
    ("eid", Form::Uuid),
    ("f_ag", Form::Flag),
    ("f_dir", Form::Flag),
    ("f_fla", Form::Flag),
    ("f_gears", Form::Flag),
    ("f_java", Form::Flag),
    ("f_pdf", Form::Flag),
    ("f_qt", Form::Flag),
    ("f_realp", Form::Flag),
    ("f_wma", Form::Flag),
    ("fp", Form::Text(ANY)),
    ("ip", Form::Text(128)),
    ("lang", Form::Text(255)),
    ("mac", Form::Text(ANY)),
    ("nuid", Form::Text(128)),
    ("p", Form::Platform),
    ("page", Form::Text(2000)),
    ("pp_max", Form::Integer),
    ("pp_may", Form::Integer),
    ("pp_mix", Form::Integer),
    ("pp_miy", Form::Integer),
    ("refr", Form::Text(10000)),
    ("res", Form::Size),
    ("sa", Form::Text(ANY)),
    ("se_ac", Form::Text(1000)),
    ("se_ca", Form::Text(1000)),
    ("se_la", Form::Text(4096)),
    ("se_pr", Form::Text(1000)),
    ("se_va", Form::Decimal),
    ("sid", Form::Uuid),
    ("sn", Form::Text(ANY)),
    ("sp", Form::Text(ANY)),
    ("st", Form::Text(ANY)),
    ("stm", Form::Millis),
    ("ti_ca", Form::Text(255)),
    ("ti_cu", Form::Text(3)),
    ("ti_id", Form::Text(255)),
    ("ti_na", Form::Text(255)),
    ("ti_nm", Form::Text(255)),
    ("ti_pr", Form::Decimal),
    ("ti_qu", Form::Integer),
    ("ti_sk", Form::Text(255)),
    ("tid", Form::Integer),
    ("tna", Form::Text(128)),
    ("tnuid", Form::Text(128)),
    ("tr_af", Form::Text(255)),
    ("tr_ci", Form::Text(255)),
    ("tr_co", Form::Text(255)),
    ("tr_cu", Form::Text(3)),
    ("tr_id", Form::Text(255)),
    ("tr_sh", Form::Decimal),
    ("tr_st", Form::Text(255)),
    ("tr_tt", Form::Decimal),
    ("tr_tx", Form::Decimal),
    ("ttm", Form::Millis),
    ("tv", Form::Text(100)),
    ("tz", Form::Text(255)),
    ("ua", Form::Text(1000)),
    ("ue_na", Form::Text(ANY)),
    ("ue_pr", Form::Text(ANY)),
    ("ue_px", Form::Text(ANY)),
    ("uid", Form::Text(255)),
    ("url", Form::Text(10000)),
    ("vid", Form::Integer),
    ("vp", Form::Size),
];

const PLATFORMS: [&str; 9] = ["web", "mob", "pc", "srv", "app", "tv", "cnsl", "iot", "headset"];

/// The last millisecond of the year 9999.
const LAST_MILLIS: i64 = 253_402_300_799_999;

/// The place of a parameter in the table.
///
/// Every parameter of every event is looked up more than once, so a hash finds it at once where
/// a search would compare seven texts.
const fn index(name: &str) -> Option<usize> {
    if name.len() > LONGEST {
        return None;
    }
    let number = number_of(name.as_bytes());
    let mut slot = first_slot(number);
    while SLOTS[slot] != EMPTY {
        let index = SLOTS[slot] as usize;
        if NUMBERS[index] == number && FORMS[index].0.len() == name.len() {
            return Some(index);
        }
        slot = (slot + 1) % N_SLOTS;
    }
    None
}

/// A parameter that the protocol knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known(u8);

impl Known {
    pub(super) fn find(name: &str) -> Option<Self> {
        index(name).and_then(Self::at)
    }

    /// One that is known when this is compiled.
    pub(super) const fn named(name: &str) -> Self {
        match index(name) {
            #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256")]
            Some(it) => Self(it as u8),
            None => panic!("the protocol has no such parameter"),
        }
    }

    /// The one at a place of the table.
    pub(super) fn at(place: usize) -> Option<Self> {
        u8::try_from(place).ok().filter(|_| place < N_KNOWN).map(Self)
    }

    /// Its place in the table, which is sorted by name.
    pub(super) fn place(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn name(self) -> &'static str {
        FORMS[self.place()].0
    }
}

/// Bytes of the longest name: few enough to be taken for one number.
const LONGEST: usize = 8;

/// Takes up to eight bytes as a number, the lowest first.
pub(super) const fn number_of(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    // Looks that may overlap, for where they do they see the same.
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            first as u64 | (last as u64) << (8 * (n - 4))
        }
        _ if n == 0 => 0,
        _ => {
            let (middle, last) = (n / 2, n - 1);
            bytes[0] as u64
                | (bytes[middle] as u64) << (8 * middle)
                | (bytes[last] as u64) << (8 * last)
        }
    }
}

const NUMBERS: [u64; N_KNOWN] = {
    let mut numbers = [0; N_KNOWN];
    let mut index = 0;
    while index < N_KNOWN {
        assert!(FORMS[index].0.len() <= LONGEST);
        numbers[index] = number_of(FORMS[index].0.as_bytes());
        index += 1;
    }
    numbers
};

const N_SLOTS: usize = 512;

const EMPTY: u8 = u8::MAX;

/// The highest nine bits of a product with 2^64 divided by the golden ratio.
const fn first_slot(number: u64) -> usize {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize
}

/// Places in the table by hash; a name whose slot is taken has the next that is free.
const SLOTS: [u8; N_SLOTS] = {
    let mut slots = [EMPTY; N_SLOTS];
    let mut index: u8 = 0;
    while (index as usize) < N_KNOWN {
        let mut slot = first_slot(NUMBERS[index as usize]);
        while slots[slot] != EMPTY {
            slot = (slot + 1) % N_SLOTS;
        }
        slots[slot] = index;
        index += 1;
    }
    slots
};

/// Notes what Snowplow would not take, though we do.
pub(super) fn check(parameters: &Parameters<'_>, notes: &mut Notes) {
    for needed in const { [Known::named("tv"), Known::named("p")] } {
        if parameters.at(needed).is_none() {
            notes.push(Fault::Missing { parameter: needed.name() });
        }
    }
    for (known, value) in parameters.known() {
        let (parameter, form) = FORMS[known.place()];
        match form {
            Form::Text(at_most) if value.len() <= at_most => {}
            Form::Text(at_most) => {
                if value.encode_utf16().count() > at_most {
                    notes.push(Fault::TooLong { parameter, at_most });
                }
            }
            _ if form.holds(value) => {}
            _ => notes.push(Fault::Form { parameter, expected: form.words() }),
        }
    }
}

impl Form {
    fn holds(self, value: &str) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Decimal => is_decimal(value),
            Self::Flag => matches!(value, "0" | "1"),
            Self::Integer => value.parse::<i32>().is_ok(),
            Self::Millis => millis(value).is_some(),
            Self::Platform => PLATFORMS.contains(&value),
            Self::Size => value.split_once('x').is_some_and(|(width, height)| {
                width.parse::<u32>().is_ok() && height.parse::<u32>().is_ok()
            }),
            Self::Uuid => uuid(value).is_some(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Decimal => "a decimal number",
            Self::Flag => "0 or 1",
            Self::Integer => "a whole number of 32 bits",
            Self::Millis => "milliseconds since 1970",
            Self::Platform => "one of web, mob, pc, srv, app, tv, cnsl, iot, headset",
            Self::Size => "a width and a height, as 800x600",
            Self::Uuid => "a UUID",
        }
    }
}

/// Tells whether this is a decimal number, with or without a fraction or an exponent.
pub(super) fn is_decimal(text: &str) -> bool {
    let is_digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent = exponent.map(|it| it.strip_prefix(['+', '-']).unwrap_or(it));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    is_digits(whole)
        && is_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|it| !it.is_empty() && is_digits(it))
}

/// Reads milliseconds since 1970.
pub(super) fn millis(text: &str) -> Option<i64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|it| is_digits && *it <= LAST_MILLIS)
}

/// Reads a UUID in its canonical form, in either case.
pub(crate) fn uuid(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let text = text.as_bytes();
    if [8, 13, 18, 23].iter().any(|it| text[*it] != b'-') {
        return None;
    }
    let mut id = [0; 16];
    let mut all = 0;
    for (byte, at) in id.iter_mut().zip(DIGITS) {
        let (high, low) = (HEX[usize::from(text[at])], HEX[usize::from(text[at + 1])]);
        all |= high | low;
        *byte = high << 4 | low & 15;
    }
    if all > 15 {
        return None;
    }
    Some(id)
}

/// Where in a UUID the two digits of each byte begin.
const DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// What a hexadecimal digit stands for; all else is more than 15.
static HEX: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value: u8 = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests;
