//! Who a user and an installation are to the world: hashes that only the installation can make.
//!
//! As in GitLab, so that events of one user before and after a migration are of one user.

use crate::Id;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fmt;
use uuid::Uuid;

/// Characters of the salt that count: GitLab's salt is the beginning of `db_key_base`.
const SALT_CHARS: usize = 32;

/// Characters of a hash: 32 bytes in padded base64.
const HASH_CHARS: usize = 44;

/// Namespaces of the unique ids of installations.
const PRODUCTION: Uuid = uuid::uuid!("58dc0f06-936c-43b3-93bb-71693f1b6570");
const STAGING: Uuid = uuid::uuid!("a6930898-a1b2-4365-ab18-12aa474d9b26");
const DEVELOPMENT: Uuid = uuid::uuid!("a143e9e2-41b3-47bc-9a19-081d089229f4");

/// What hashes of ids are made with, and what makes them worthless to whoever does not know it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(Box<str>);

impl Salt {
    /// Takes the first 32 characters of a text, which may be GitLab's `db_key_base`.
    pub fn new(text: &str) -> Self {
        Self(text.chars().take(SALT_CHARS).collect::<String>().into())
    }

    /// Gives a text another one that nobody without the salt can give it.
    pub fn hash(&self, text: &str) -> String {
        let mut hash = String::with_capacity(HASH_CHARS);
        self.write_hash(&[text], &mut hash);
        hash
    }

    /// Appends the hash of a text that comes in parts.
    pub(super) fn write_hash(&self, parts: &[&str], out: &mut String) {
        let text = parts.iter().fold(Sha256::new(), Sha256::chain_update);
        STANDARD.encode_string(text.chain_update(self.0.as_bytes()).finalize(), out);
    }

    /// The pseudonym of a user; one that is given already stays.
    pub fn pseudonym(&self, user: &Id) -> String {
        match user {
            Id::Text(text) if is_pseudonym(text) => text.clone(),
            _ => self.hash(&user.to_string()),
        }
    }

    /// The id of an installation that changes with its salt.
    pub(super) fn unique_instance_id(&self, environment: &str, is_development: bool) -> Uuid {
        let namespace = match environment {
            "staging" => STAGING,
            _ if is_development => DEVELOPMENT,
            _ => PRODUCTION,
        };
        Uuid::new_v5(&namespace, self.hash("instance").as_bytes())
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// Tells whether an id is 32 bytes in padded base64, as hashes of ids are written.
pub fn is_pseudonym(id: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    id.len() == HASH_CHARS && id.strip_suffix('=').is_some_and(|it| it.bytes().all(is_base64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that GitLab itself computed.
    #[test]
    fn ids_are_hashed_as_gitlab_hashes_them() {
        let salt = Salt::new("0123456789abcdef0123456789abcdef0123456789abcdef");
        let user = "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=";
        assert_eq!(salt.pseudonym(&Id::Number(1)), user);
        assert_eq!(salt.pseudonym(&Id::Text("1".to_owned())), user);
        assert_eq!(salt.pseudonym(&Id::Text(user.to_owned())), user, "it is one already");
        assert_eq!(salt.hash("instance"), "Zp6pHFt+PuzuUpD2DKhvwl6WML5pqa/5XHd/nqj2dkU=");
        let id = salt.unique_instance_id("self-managed", false);
        assert_eq!(id.to_string(), "be119568-9531-562f-8659-771c9c7e26b8");
        for (environment, is_development, expected) in [
            ("production", false, "4961388b-9d8e-5da0-a499-3ef5da58daf0"),
            ("staging", false, "dd190b37-7754-5c7c-80a0-85621a5823ad"),
            ("development", true, "5b593e54-90f5-504b-8805-5394a4d14b94"),
        ] {
            let namespace = match environment {
                "staging" => STAGING,
                _ if is_development => DEVELOPMENT,
                _ => PRODUCTION,
            };
            assert_eq!(Uuid::new_v5(&namespace, b"GitLab").to_string(), expected);
        }
    }

    #[test]
    fn a_salt_is_never_printed() {
        assert_eq!(format!("{:?}", Salt::new("secret")), "Salt(…)");
    }
}
