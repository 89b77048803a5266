//! TLS as libpq means it: who is trusted, and whether the name must fit.
//!
//! For PostgreSQL; the Redis client has its own. It knows certificates and nothing of URLs, and
//! brings its provider of cryptography itself, so that no other crate's choice matters.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// How much of the server's certificate is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: the way is encrypted, whoever is at its end.
    Anyone,
    /// Who the authorities vouch for, under whatever name.
    Chain(Roots),
    /// Who the authorities vouch for, under the name that was asked for.
    ChainAndName(Roots),
}

/// The authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Those of a PEM file.
    File(PathBuf),
    /// Those of the machine.
    System,
}

/// A client's own certificate and its key, PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, then those that vouch for it.
    pub certificate: PathBuf,
    /// Its key, without a passphrase.
    pub key: PathBuf,
}

/// Why TLS cannot be set up. All of it is the configuration's.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The machine has no authorities.
    #[error("this machine has no certificate authorities: install ca-certificates")]
    NoSystemRoots,
    /// A certificate or a key is of no use.
    #[error("{0}")]
    Unusable(#[from] rustls::Error),
    /// There are no authorities to build on.
    #[error("{0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// Whether it was TLS that failed, and not the network under it: then to try again mends nothing.
#[must_use]
pub fn refused_by_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    type Shared = Arc<dyn std::error::Error + Send + Sync>;
    if error.is::<rustls::Error>() {
        return true;
    }
    // Both hide what they wrap from `source`: the Redis client shares its errors.
    if let Some(shared) = error.downcast_ref::<Shared>() {
        return refused_by_tls(shared.as_ref());
    }
    if let Some(wrapped) = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        return refused_by_tls(wrapped);
    }
    error.source().is_some_and(refused_by_tls)
}

/// Makes ring the process's provider: the Redis client asks for the process's.
pub fn use_ring() {
    // Fails only where there is one already.
    let _ = ring::default_provider().install_default();
}

/// What a connection needs; reads the files now, so that a wrong one stops the start.
///
/// # Errors
///
/// [`TlsError`]: the configuration is wrong.
pub fn client(trust: &Trust, identity: Option<&Identity>) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(trust, provider)?));
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => config
            .with_client_auth_cert(certificates(&identity.certificate)?, key(&identity.key)?)?,
    };
    // PostgreSQL 17 and later want it named (manual, "ALPN"); earlier ones pass over it.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

/// The certificates of a PEM file.
///
/// # Errors
///
/// It cannot be read or has none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).and_then(|certificates| certificates.collect());
    match found {
        Ok(found) if found.is_empty() => Err(unreadable(path, "no certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(path, &error.to_string())),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &Path, reason: &str) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn certificates_of(roots: &Roots) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    match roots {
        Roots::File(path) => certificates(path),
        Roots::System => match rustls_native_certs::load_native_certs().certs {
            found if found.is_empty() => Err(TlsError::NoSystemRoots),
            found => Ok(found),
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Any,
    MustFit,
}

#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// `None`: anyone is believed.
    chain: Option<Chain>,
}

#[derive(Debug)]
struct Chain {
    verifier: Arc<WebPkiServerVerifier>,
    /// The same authorities as they stand in the file.
    roots: Vec<CertificateDer<'static>>,
    name: Name,
}

impl Verifier {
    fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Verifier, TlsError> {
        let chain = match trust {
            Trust::Anyone => None,
            Trust::Chain(roots) => Some(Chain::new(roots, Name::Any, &provider)?),
            Trust::ChainAndName(roots) => Some(Chain::new(roots, Name::MustFit, &provider)?),
        };
        Ok(Verifier { provider, chain })
    }
}

impl Chain {
    fn new(roots: &Roots, name: Name, provider: &Arc<CryptoProvider>) -> Result<Chain, TlsError> {
        let certificates = certificates_of(roots)?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
                .build()?;
        Ok(Chain {
            verifier,
            roots: certificates,
            name,
        })
    }

    fn verify(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext, Other};
        let checked = self
            .verifier
            .verify_server_cert(server, between, name, ocsp, now);
        match checked {
            Ok(_) => Ok(()),
            // The chain has been found good by then.
            Err(rustls::Error::InvalidCertificate(
                NotValidForName | NotValidForNameContext { .. },
            )) if self.name == Name::Any => Ok(()),
            // A server that is its own authority, as `openssl req -x509` makes it: good by
            // being in the file, its dates have been checked by then.
            Err(rustls::Error::InvalidCertificate(Other(_))) if self.roots.contains(server) => {
                match self.name {
                    Name::Any => Ok(()),
                    Name::MustFit => {
                        verify_server_name(&ParsedCertificate::try_from(server)?, name)
                    }
                }
            }
            Err(error) => Err(error),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(chain) = &self.chain {
            chain.verify(end_entity, intermediates, server_name, ocsp_response, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
