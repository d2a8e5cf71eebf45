//! TLS, by a certificate on the disk that may be replaced while requests are served.

mod validity;

use crate::limits::Limits;
use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error as RustlsError, ServerConfig};
use tokio_rustls::server::TlsStream;

/// What is answered to a caller that does not use TLS, in words it understands.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 41\r\nConnection: close\r\n\r\nThis server takes HTTPS here, not HTTP.\r\n";

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file is no PEM of what it should hold.
    #[error("{path} is no PEM file of a {what}: {source}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        source: PemError,
    },
    /// The two do not belong together, or are of a kind that is not supported.
    #[error("{certificate} and {key} cannot be used together: {source}")]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of its key.
        key: PathBuf,
        /// What is wrong.
        source: RustlsError,
    },
}

/// A certificate with its key, and where they come from; cheap to clone.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<Loaded>,
}

struct Loaded {
    acceptor: TlsAcceptor,
    /// What was in the files, the chain and the key, when they were last looked at.
    seen: [Vec<u8>; 2],
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads a certificate, with the chain that vouches for it, and its key, all in PEM.
    ///
    /// # Errors
    ///
    /// When they cannot be read or used.
    pub fn load(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let seen = [read(&certificate)?, read(&key)?];
        let acceptor = make(&certificate, &key, &seen)?;
        let current = Mutex::new(Loaded { acceptor, seen });
        Ok(Self(Arc::new(Inner { certificate, key, current })))
    }

    /// When the first of the certificates in the chain ends; nothing if none of them says so.
    pub fn ends(&self) -> Option<Timestamp> {
        let current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        let chain = CertificateDer::pem_slice_iter(&current.seen[0]);
        chain.filter_map(|it| validity::until(&it.ok()?)).min()
    }

    /// Takes the certificate anew if its files changed; what cannot be used changes nothing.
    fn look(&self) {
        let Inner { certificate, key, current } = &*self.0;
        let lock = || current.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = match (read(certificate), read(key)) {
            (Ok(certificate), Ok(key)) => [certificate, key],
            // Whoever replaces a file may have taken the old one away first.
            _ => return,
        };
        if lock().seen == seen {
            return;
        }
        let acceptor = make(certificate, key, &seen);
        let mut current = lock();
        current.seen = seen;
        match acceptor {
            Ok(it) => {
                current.acceptor = it;
                tracing::info!("the certificate changed; new connections get the new one");
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the certificate changed and cannot be used; the old one is kept"
            ),
        }
    }

    /// Looks for a changed certificate now and then, until it is aborted.
    pub(crate) fn watch(&self, limits: &Limits) -> JoinHandle<()> {
        let (tls, pause) = (self.clone(), limits.certificate_look);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let tls = tls.clone();
                // If it panics, the old certificate goes on to be used.
                let _ = tokio::task::spawn_blocking(move || tls.look()).await;
            }
        })
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).acceptor.clone()
    }

    /// Shakes hands; gives nothing if the caller does not, or not in time.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
        limits: &Limits,
    ) -> Option<TlsStream<TcpStream>> {
        let shake = async {
            let mut first = [0];
            stream.peek(&mut first).await.ok()?;
            if first[0].is_ascii_alphabetic() {
                refuse(stream).await;
                return None;
            }
            self.acceptor().accept(stream).await.ok()
        };
        tokio::time::timeout(limits.handshake_time, shake).await.ok()?
    }
}

/// Tells a caller of plain HTTP what is wrong.
async fn refuse(mut stream: TcpStream) {
    // It may have gone; then nobody wants to know.
    let _ = stream.write_all(PLAIN).await;
    let _ = stream.shutdown().await;
    // What it has sent is read, for otherwise the system takes the answer back.
    let mut rest = [0; 1024];
    let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await;
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

fn make(
    certificate: &Path,
    key: &Path,
    [chain_pem, key_pem]: &[Vec<u8>; 2],
) -> Result<TlsAcceptor, TlsError> {
    let no_pem = |path: &Path, what, source| TlsError::Pem { path: path.to_owned(), what, source };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem).collect();
    let chain = chain.map_err(|it| no_pem(certificate, "certificate", it))?;
    let secret = PrivateKeyDer::from_pem_slice(key_pem);
    let secret = secret.map_err(|it| no_pem(key, "private key", it))?;
    let unusable = |source| TlsError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
