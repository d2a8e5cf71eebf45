//! Texts that nobody can guess.

/// Makes a text of 64 hexadecimal digits, 244 bits of which are from the system's random numbers.
pub fn random_text() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}
