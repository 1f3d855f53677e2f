//! TLS: the certificate with its key, read from two files and read anew when they change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::{fmt, fs, io, mem};

use aws_lc_rs::digest::{self, Context, SHA256};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// What is offered by ALPN (RFC 7301), the best first: what a plain connection speaks too.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where the certificate and its key stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and after it those that lead to its root.
    pub cert: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// Why the files cannot be used. Nothing of what stands in them is told: a key may stand in the wrong one.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}, which the setting `{setting}` names, cannot be read")]
    Unreadable {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{path}, which the setting `{setting}` names, holds no {wanted}")]
    Unfit {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: String,
        /// What should be in it.
        wanted: &'static str,
    },
    /// Two files that do not belong together.
    #[error("the key in {key} is not that of the first certificate in {cert}")]
    Mismatch {
        /// The file of the certificate.
        cert: String,
        /// The file of the key.
        key: String,
    },
}

/// What connections are encrypted with. Cloning it is cheap, and all clones change together.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    /// What new connections get. Held for a copy or an exchange, never over an await.
    config: RwLock<Arc<ServerConfig>>,
    /// The digest of what stood in the files at the last look; none if one could not be read. Held for one look.
    seen: Mutex<Option<[u8; 32]>>,
}

/// A certificate and its key as they stand in the files. It holds a secret and does not print.
struct Pair {
    cert: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Tls {
    /// Reads the files.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let pair = Pair::read(&files)?;
        let config = RwLock::new(Arc::new(pair.config(&files)?));
        let seen = Mutex::new(Some(pair.digest()));
        Ok(Self(Arc::new(Inner { files, config, seen })))
    }

    /// Looks at the files again, and takes what stands in them for new connections if it has changed: whether it did.
    /// What cannot be used is an error once, and what was there before stays.
    pub fn renew(&self) -> Result<bool, TlsError> {
        let Inner { files, config, seen } = &*self.0;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = Pair::read(files);
        let digest = pair.as_ref().ok().map(Pair::digest);
        if mem::replace(&mut *seen, digest) == digest {
            return Ok(false);
        }
        let made = Arc::new(pair?.config(files)?);
        *config.write().unwrap_or_else(PoisonError::into_inner) = made;
        Ok(true)
    }

    /// What a connection that begins now is encrypted with.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.config.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

impl Pair {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |setting, path: &PathBuf| {
            fs::read(path).map_err(|source| TlsError::Unreadable { setting, path: path.display().to_string(), source })
        };
        Ok(Self { cert: read("tls_cert", &files.cert)?, key: Zeroizing::new(read("tls_key", &files.key)?) })
    }

    fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for bytes in [&self.cert, &*self.key] {
            context.update(digest::digest(&SHA256, bytes).as_ref());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }

    fn config(&self, files: &TlsFiles) -> Result<ServerConfig, TlsError> {
        let (cert, key) = (files.cert.display().to_string(), files.key.display().to_string());
        let no_cert = || TlsError::Unfit {
            setting: "tls_cert",
            path: cert.clone(),
            wanted: "certificate that can be read as PEM",
        };
        let no_key = || TlsError::Unfit {
            setting: "tls_key",
            path: key.clone(),
            wanted: "private key that can be read as PEM without a password, RSA, ECDSA or Ed25519",
        };
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(&self.cert).collect::<Result<_, _>>().map_err(|_| no_cert())?;
        if chain.is_empty() {
            return Err(no_cert());
        }
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| no_key())?;
        let provider = default_provider();
        // Which of the two is at fault is told apart here, since the builder below does not tell.
        provider.key_provider.load_private_key(private.clone_key()).map_err(|_| no_key())?;
        let builder = ServerConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
        let made = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
        let mut config = made.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { cert: cert.clone(), key: key.clone() },
            _ => no_cert(),
        })?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(config)
    }
}
