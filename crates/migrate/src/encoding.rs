//! Files that are not UTF-8: they are read, so that their calls are found, and never rewritten.

use crate::rewrite::take_back;
use crate::site::{Reason, Refusal, Rewrite, Unparsable};
use crate::{Language, Site};

/// What a byte that is no UTF-8 is read as: it is as long as the byte, so that all others keep
/// their places.
const STAND_IN: char = '?';

/// The text of a file.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The text; in a file that is not UTF-8, something stands in for what is not.
    pub text: String,
    /// What is not UTF-8, if anything is.
    pub wrong: Option<NotUtf8>,
}

/// What of a file is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotUtf8 {
    /// A byte, and the line in which it stands, from 1.
    Byte(u8, usize),
    /// All of it is UTF-16, as its first bytes say.
    Utf16,
}

/// Whether a file begins with the mark of UTF-16, in which no word can be seen from outside.
pub fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// Reads the text of a file, whatever it is.
pub fn decoded(bytes: &[u8]) -> Decoded {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: text.to_owned(), wrong: None };
    }
    if is_utf16(bytes) {
        let is_little = bytes[0] == 0xff;
        let pair = |it: &[u8]| {
            let pair = [it[0], it[1]];
            if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
        };
        let units = bytes[2..].chunks_exact(2).map(pair);
        let text = char::decode_utf16(units).map(|it| it.unwrap_or(STAND_IN)).collect();
        return Decoded { text, wrong: Some(NotUtf8::Utf16) };
    }
    let mut text = String::with_capacity(bytes.len());
    let mut wrong = None;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if let (None, Some(byte)) = (&wrong, chunk.invalid().first()) {
            wrong = Some(NotUtf8::Byte(*byte, 1 + text.matches('\n').count()));
        }
        text.extend(chunk.invalid().iter().map(|_| STAND_IN));
    }
    Decoded { text, wrong }
}

impl NotUtf8 {
    /// Refuses all that would be rewritten.
    pub fn refuse(&self, language: Language, whole: &mut Rewrite) {
        take_back(language, whole, |_| true, |_: &Site| self.refusal());
    }

    /// Why nothing of the file is rewritten.
    ///
    /// What does not parse may only do so because of what stands in for its letters.
    pub fn refusal(&self) -> Refusal {
        let what = match self {
            Self::Byte(byte, line) => {
                format!("the file is not UTF-8: byte 0x{byte:02X} in line {line}")
            }
            Self::Utf16 => "the file is UTF-16, and not UTF-8".to_owned(),
        };
        let from = match self {
            Self::Byte(..) => "`iconv -f ISO-8859-1 -t UTF-8` does it if it is Latin-1",
            Self::Utf16 => "`iconv -f UTF-16 -t UTF-8` does it",
        };
        let advice = format!(
            "convert it to UTF-8 ({from}), correct the comment that names its encoding if it has \
             one, and migrate again"
        );
        Refusal { reason: Reason::NotUtf8, what, advice }
    }

    /// Where nothing could be read, and why.
    pub fn closed(&self, error: &Unparsable) -> Refusal {
        let mut refusal = self.refusal();
        refusal.what.push_str(&format!(", and cannot be read as if it were: {}", error.message));
        refusal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_keeps_all_other_bytes_in_their_places() {
        for (bytes, text, wrong) in [
            (&b"a\nb"[..], "a\nb", None),
            ("\u{feff}é\n".as_bytes(), "\u{feff}é\n", None),
            (b"", "", None),
            (b"a\nb\xe9c\xff\n", "a\nb?c?\n", Some(NotUtf8::Byte(0xe9, 2))),
            // The first byte of a letter, and the end of the file where its second should be.
            (b"a\xc3", "a?", Some(NotUtf8::Byte(0xc3, 1))),
            (b"\xe2\x82 \n", "?? \n", Some(NotUtf8::Byte(0xe2, 1))),
            (b"\xff\xfea\0\n\0b\0", "a\nb", Some(NotUtf8::Utf16)),
            (b"\xfe\xff\0a\0\n\xd8\0x", "a\n?", Some(NotUtf8::Utf16)),
        ] {
            let decoded = decoded(bytes);
            assert_eq!((decoded.text.as_str(), &decoded.wrong), (text, &wrong), "{bytes:?}");
        }
    }
}
