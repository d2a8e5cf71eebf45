//! Whom the program trusts when it asks a server over TLS.

use anyhow::{Context as _, ensure};
use rustls::crypto::ring;
use std::path::Path;
use std::sync::Arc;
use ureq::tls::{PemItem, RootCerts, TlsConfig};

/// Trusts those whom a file names; without one whom the system trusts, so that a company's own
/// authority is known.
///
/// # Errors
///
/// When the file cannot be read or has no certificate.
pub(crate) fn trusting(ca: Option<&Path>) -> anyhow::Result<TlsConfig> {
    let roots = match ca {
        Some(path) => certificates(path)?,
        None => RootCerts::PlatformVerifier,
    };
    let provider = Arc::new(ring::default_provider());
    Ok(TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build())
}

fn certificates(path: &Path) -> anyhow::Result<RootCerts> {
    let pem = std::fs::read(path)
        .with_context(|| format!("cannot read the certificates in {}", path.display()))?;
    let is_certificate = |it| match it {
        Ok(PemItem::Certificate(it)) => Some(it),
        _ => None,
    };
    let found: Vec<_> = ureq::tls::parse_pem(&pem).filter_map(is_certificate).collect();
    ensure!(!found.is_empty(), "{} has no certificate in PEM", path.display());
    Ok(RootCerts::new_with_certs(&found))
}
