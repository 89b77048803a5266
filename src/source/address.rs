//! REDIS_URL: what the Redis client takes, and what the incumbent's client (redis-py) takes too.
//!
//! redis-py has its TLS settings in the URL's query; the client here takes them otherwise, so they
//! are taken out. Nothing that this module says has a part of the URL in it but names of
//! parameters: the rest may be a password.

use std::path::{Path, PathBuf};

use deadpool_redis::redis::{
    self, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, TlsCertificates,
};

use crate::database::decoded;
use crate::tls::{TlsError, certificates, use_ring};

/// Why REDIS_URL cannot be used: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum RedisAddressError {
    /// It does not look like one.
    #[error("it must begin with redis://, rediss:// (TLS) or redis+unix://")]
    Scheme,
    /// A parameter that is not known here.
    #[error(
        "its parameter {0} is not known; in a user name or password, write ? as %3F, @ as %40, / as %2F, : as %3A, # as %23"
    )]
    Unknown(String),
    /// A parameter has a value that it cannot have.
    #[error("its {0} is not one of {1}")]
    Value(&'static str, &'static str),
    /// Certificates without TLS.
    #[error("a certificate authority is named, but without TLS: it must begin with rediss://")]
    NoTls,
    /// The authority's file.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// What the client says.
    #[error("{0}")]
    Client(#[from] redis::RedisError),
}

/// The parameters about TLS.
#[derive(Debug, Default)]
struct Parameters {
    authorities: Option<PathBuf>,
    trust: Trust,
}

/// How much of the certificate is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trust {
    #[default]
    ChainAndName,
    Chain,
    Anyone,
}

/// Reads a URL. `password` stands over the one in it, `authorities` (a PEM file) over those that
/// it names and those of the machine.
///
/// # Errors
///
/// [`RedisAddressError`]: exit code 2.
pub fn parse(
    url: &str,
    password: Option<&str>,
    authorities: Option<&Path>,
) -> Result<ConnectionInfo, RedisAddressError> {
    const SCHEMES: [&str; 6] = [
        "redis://",
        "rediss://",
        "valkey://",
        "valkeys://",
        "redis+unix://",
        "unix://",
    ];
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(RedisAddressError::Scheme);
    }
    let (mut parameters, rest) = split(url)?;
    if let Some(path) = authorities {
        parameters.authorities = Some(path.to_owned());
    }
    let mut info = rest.as_str().into_connection_info()?;
    if let Some(password) = password {
        let settings = info.redis_settings().clone().set_password(password);
        info = info.set_redis_settings(settings);
    }
    with_tls(info, &parameters)
}

/// Takes the parameters about TLS out of the query.
fn split(url: &str) -> Result<(Parameters, String), RedisAddressError> {
    let mut parameters = Parameters::default();
    let Some((address, query)) = url.split_once('?') else {
        return Ok((parameters, url.to_owned()));
    };
    let (query, fragment) = query.split_once('#').unwrap_or((query, ""));
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "ssl_ca_certs" => parameters.authorities = Some(decoded(value).into()),
            "ssl_cert_reqs" => match value {
                "required" => {}
                "none" | "optional" => parameters.trust = Trust::Anyone,
                _ => return Err(RedisAddressError::Value("ssl_cert_reqs", "none, required")),
            },
            "ssl_check_hostname" => match value.to_ascii_lowercase().as_str() {
                "true" => {}
                "false" => parameters.trust = parameters.trust.without_name(),
                _ => {
                    return Err(RedisAddressError::Value(
                        "ssl_check_hostname",
                        "true, false",
                    ));
                }
            },
            "protocol" | "db" | "user" | "pass" => kept.push(pair),
            name => return Err(RedisAddressError::Unknown(shown(name, query))),
        }
    }
    let mut rest = address.to_owned();
    for (at, pair) in kept.iter().enumerate() {
        rest.push(if at == 0 { '?' } else { '&' });
        rest.push_str(pair);
    }
    if !fragment.is_empty() {
        rest.push('#');
        rest.push_str(fragment);
    }
    Ok((parameters, rest))
}

/// A name is shown only where it cannot be the rest of a password with a `?` in it.
fn shown(name: &str, query: &str) -> String {
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_plain && !query.contains('@') {
        name.to_owned()
    } else {
        "after the `?`".to_owned()
    }
}

impl Trust {
    fn without_name(self) -> Trust {
        match self {
            Trust::ChainAndName | Trust::Chain => Trust::Chain,
            Trust::Anyone => Trust::Anyone,
        }
    }
}

fn with_tls(
    info: ConnectionInfo,
    parameters: &Parameters,
) -> Result<ConnectionInfo, RedisAddressError> {
    let ConnectionAddr::TcpTls { .. } = info.addr() else {
        return match parameters.authorities {
            Some(_) => Err(RedisAddressError::NoTls),
            None => Ok(info),
        };
    };
    use_ring();
    let mut info = match &parameters.authorities {
        Some(path) => with_authorities(info, path)?,
        None => info,
    };
    let mut addr = info.addr().clone();
    match parameters.trust {
        Trust::ChainAndName => {}
        Trust::Chain => addr.set_danger_accept_invalid_hostnames(true),
        Trust::Anyone => {
            if let ConnectionAddr::TcpTls { insecure, .. } = &mut addr {
                *insecure = true;
            }
        }
    }
    info = info.set_addr(addr);
    Ok(info)
}

fn with_authorities(
    info: ConnectionInfo,
    path: &Path,
) -> Result<ConnectionInfo, RedisAddressError> {
    // For its sentence: the client says less of a file without a certificate.
    certificates(path)?;
    let pem = std::fs::read(path).map_err(|error| TlsError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem),
    };
    let client = Client::build_with_tls(info, certificates)?;
    Ok(client.get_connection_info().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        match parse(url, None, None) {
            Ok(_) => panic!("{url}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn takes_what_both_clients_take() {
        let info = parse(
            "rediss://u:p%40ss@h:7/2?ssl_cert_reqs=none&protocol=3",
            None,
            None,
        )
        .unwrap();
        assert_eq!(info.redis_settings().password(), Some("p@ss"));
        assert_eq!(info.redis_settings().db(), 2);
        assert!(matches!(
            info.addr(),
            ConnectionAddr::TcpTls {
                port: 7,
                insecure: true,
                ..
            }
        ));
    }

    #[test]
    fn a_password_from_elsewhere_stands_over_the_urls() {
        let info = parse("redis://:one@h", Some("two"), None).unwrap();
        assert_eq!(info.redis_settings().password(), Some("two"));
    }

    #[test]
    fn says_what_is_wrong_and_never_the_password() {
        for (url, said) in [
            ("http://:s3cret@h", "must begin with redis://"),
            ("redis://:s3?s3cret@h", "%3F"),
            ("redis://:s3cret@h?ssl_keyfile=x", "ssl_keyfile"),
            ("redis://:s3cret@h?ssl_ca_certs=/ca.pem", "rediss://"),
            ("rediss://:s3cret@h?ssl_ca_certs=/no.pem", "/no.pem: "),
            ("rediss://:s3cret@h?ssl_cert_reqs=maybe", "none, required"),
            ("redis://:s3cret@h:port", ""),
            ("redis://:s3cret@h/nine", "database number"),
        ] {
            let text = refused(url);
            assert!(text.contains(said), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}
