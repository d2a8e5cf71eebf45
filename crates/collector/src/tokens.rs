//! Tokens: what a caller shows to be let in.

use crate::access::{Scope, Scopes};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use subtle::ConstantTimeEq as _;

/// What every token begins with, so that people and scanners recognise one that leaked.
const PREFIX: &str = "iet_";

/// Random bytes in a token: too many to guess, so that a fast hash protects them.
const RANDOM_BYTES: usize = 32;

/// Why a token of the configuration is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It has no name.
    #[error("a token has no name; give it one, so that the log can say who was refused")]
    NoName,
    /// Its hash is none.
    #[error(
        "the sha256 of the token `{name}` is no SHA-256 in 64 hexadecimal digits; \
         `internal-events token` prints one"
    )]
    Hash {
        /// The token's name.
        name: String,
    },
    /// It may do nothing.
    #[error("the token `{name}` has no scopes; it could do nothing")]
    NoScopes {
        /// The token's name.
        name: String,
    },
    /// A word is no scope.
    #[error(
        "the token `{name}` has the unknown scope `{scope}`; there are track, track_any_user, \
         read_metrics and debug"
    )]
    Scope {
        /// The token's name.
        name: String,
        /// What was given.
        scope: String,
    },
    /// The system has no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// A token as it is configured: everything but the token itself.
#[derive(Clone, Debug)]
pub struct Token {
    name: String,
    hash: [u8; 32],
    scopes: Scopes,
}

impl Token {
    /// Makes one of its name, the hash of its text in hexadecimal, and the words of its scopes.
    ///
    /// # Errors
    ///
    /// When one of these is empty or wrong.
    pub fn new(name: &str, sha256: &str, scopes: &[String]) -> Result<Self, TokenError> {
        let name = name.to_owned();
        if name.is_empty() {
            return Err(TokenError::NoName);
        }
        let Some(hash) = unhex(sha256) else { return Err(TokenError::Hash { name }) };
        if scopes.is_empty() {
            return Err(TokenError::NoScopes { name });
        }
        let parse = |word: &String| {
            let unknown = || TokenError::Scope { name: name.clone(), scope: word.clone() };
            Scope::from_name(word).ok_or_else(unknown)
        };
        let scopes = scopes.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { name, hash, scopes })
    }
}

/// A token that was just made; it is nowhere else.
#[derive(Clone)]
pub struct NewToken {
    /// What its owner sends.
    pub text: String,
    /// What goes into the configuration.
    pub sha256: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

impl NewToken {
    /// Makes one of random bytes of the system.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn generate() -> Result<Self, TokenError> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes).map_err(|it| TokenError::Random(it.to_string()))?;
        let text = format!("{PREFIX}{}", hex(&bytes));
        let sha256 = hex(&Sha256::digest(&text));
        Ok(Self { text, sha256 })
    }
}

/// All tokens there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens(Vec<Token>);

impl Tokens {
    pub(crate) fn new(tokens: Vec<Token>) -> Self {
        Self(tokens)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the owner of a token may do; nothing if there is no such token.
    ///
    /// Only hashes are compared, each to its end and all of them, so that the time it takes says
    /// nothing about any.
    pub(crate) fn find(&self, text: &[u8]) -> Option<Scopes> {
        let hash: [u8; 32] = Sha256::digest(text).into();
        let mut found = None;
        for token in &self.0 {
            if bool::from(token.hash.ct_eq(&hash)) {
                found = Some(token.scopes);
            }
        }
        found
    }

    /// The names, for the log.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|it| it.name.as_str()).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("invariant: text can be appended to a string");
    }
    text
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    for (position, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * position..2 * position + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
