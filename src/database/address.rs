//! DATABASE_URL: what libpq takes, and what of it the driver does not.
//!
//! The driver knows three of the six values of `sslmode` and none of the parameters about
//! certificates, so those are taken out here and the rest goes to it. Nothing that this module says
//! has a part of the URL in it but names of parameters and values about TLS: the rest may be a
//! password.

use std::path::PathBuf;

use tokio_postgres::Config;

use super::connect::Connector;
use crate::tls::{Identity, Roots, TlsError, Trust};

/// `sslmode` (PostgreSQL manual, "libpq: SSL Support").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Only where the server insists.
    Allow,
    /// Where the server can.
    Prefer,
    /// Always, with whoever answers.
    Require,
    /// Always, with whom the authorities vouch for.
    VerifyCa,
    /// Always, with whom the authorities vouch for under this name.
    VerifyFull,
}

/// Why DATABASE_URL cannot be used: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It does not look like one.
    #[error("it must begin with postgresql:// or postgres://")]
    Scheme,
    /// What follows the `?` is not `name=value&name=value`.
    #[error(
        "after its `?` come name=value pairs with `&` between; in a user name or password, write ? as %3F, @ as %40, / as %2F, : as %3A, # as %23"
    )]
    Query,
    /// A parameter that is not known here.
    #[error("its parameter {0} is not known")]
    Unknown(String),
    /// A mode that libpq does not have.
    #[error(
        "its sslmode={0} is not one of disable, allow, prefer, require, verify-ca, verify-full"
    )]
    Mode(String),
    /// verify-ca needs authorities of its own.
    #[error("sslmode=verify-ca needs sslrootcert=FILE, the certificate authority's PEM file")]
    NoRoots,
    /// With the machine's authorities, anybody can have a certificate for another name.
    #[error(
        "sslrootcert=system needs sslmode=verify-full: every public authority would do for any name"
    )]
    WeakSystem,
    /// One without the other.
    #[error("sslcert and sslkey belong together")]
    HalfIdentity,
    /// A file of TLS.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// What the driver says.
    #[error("{0}")]
    Driver(String),
}

/// Parameters of libpq that change nothing here: they concern GSSAPI, text that the driver always
/// exchanges as UTF-8, and compression that no TLS of today has.
const PASSED_OVER: [&str; 8] = [
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "client_encoding",
    "fallback_application_name",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
];
/// What the driver reads itself.
const DRIVERS: [&str; 18] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// The parameters about TLS as they stand in the URL.
#[derive(Debug, Default)]
struct Parameters {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

/// Reads a URL; `password` stands over the one in it.
///
/// # Errors
///
/// [`AddressError`]: exit code 2.
pub fn parse(url: &str, password: Option<&str>) -> Result<(Config, Connector), AddressError> {
    if !["postgresql://", "postgres://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err(AddressError::Scheme);
    }
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (parameters, rest) = sort(query)?;
    let mut config: Config = format!("{address}?{}", rest.join("&"))
        .parse()
        .map_err(|error| AddressError::Driver(chain(&error)))?;
    if let Some(password) = password {
        config.password(password);
    }
    Ok((config, connector(parameters)?))
}

/// Takes the parameters about TLS out of the query.
fn sort(query: &str) -> Result<(Parameters, Vec<&str>), AddressError> {
    let mut parameters = Parameters::default();
    let mut rest = Vec::new();
    // Before an @ all of it would be the end of a password.
    if query.contains('@') {
        return Err(AddressError::Query);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(AddressError::Query)?;
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            return Err(AddressError::Query);
        }
        match name {
            "sslmode" => parameters.mode = Some(decoded(value)),
            // As Java's driver says it; libpq takes it too.
            "ssl" if value == "true" => parameters.mode = Some("require".to_owned()),
            "sslrootcert" => parameters.root = Some(decoded(value)),
            "sslcert" => parameters.certificate = Some(decoded(value).into()),
            "sslkey" => parameters.key = Some(decoded(value).into()),
            name if PASSED_OVER.contains(&name) => {}
            name if DRIVERS.contains(&name) => rest.push(pair),
            name => return Err(AddressError::Unknown(name.to_owned())),
        }
    }
    Ok((parameters, rest))
}

fn connector(parameters: Parameters) -> Result<Connector, AddressError> {
    let is_system = parameters.root.as_deref() == Some("system");
    let mode = match parameters.mode.as_deref() {
        None | Some("") if is_system => SslMode::VerifyFull,
        None | Some("") => SslMode::Prefer,
        Some(name) => mode(name)?,
    };
    let identity = match (parameters.certificate, parameters.key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        _ => return Err(AddressError::HalfIdentity),
    };
    let trust = trust(mode, parameters.root)?;
    Ok(Connector::new(mode, &trust, identity.as_ref())?)
}

fn mode(name: &str) -> Result<SslMode, AddressError> {
    Ok(match name {
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        other => return Err(AddressError::Mode(other.to_owned())),
    })
}

/// As libpq does: authorities that are named are asked in every mode; without a name the user's
/// own file is taken where one must be asked.
fn trust(mode: SslMode, root: Option<String>) -> Result<Trust, AddressError> {
    let root = root.filter(|root| !root.is_empty());
    let roots = match (root, mode) {
        (_, SslMode::Disable) => return Ok(Trust::Anyone),
        (Some(root), SslMode::VerifyFull) if root == "system" => Some(Roots::System),
        (Some(root), _) if root == "system" => return Err(AddressError::WeakSystem),
        (Some(file), _) => Some(Roots::File(file.into())),
        (None, SslMode::VerifyCa | SslMode::VerifyFull) => users_roots(),
        (None, _) => None,
    };
    match (mode, roots) {
        (SslMode::VerifyFull, roots) => Ok(Trust::ChainAndName(roots.unwrap_or(Roots::System))),
        (SslMode::VerifyCa, None) => Err(AddressError::NoRoots),
        (_, Some(roots)) => Ok(Trust::Chain(roots)),
        (_, None) => Ok(Trust::Anyone),
    }
}

/// libpq's default for `sslrootcert`.
fn users_roots() -> Option<Roots> {
    let file = PathBuf::from(std::env::var_os("HOME")?).join(".postgresql/root.crt");
    file.exists().then_some(Roots::File(file))
}

/// Undoes percent-encoding.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The driver's error with its cause; its own text stops at "invalid connection string".
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        match parse(url, None) {
            Ok(_) => panic!("{url}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn keeps_what_the_driver_knows() {
        let url = "postgresql://u:p%40ss@h1:1,h2:2/db?sslmode=allow&application_name=me&gssencmode=disable";
        let (config, connector) = parse(url, None).unwrap();
        assert_eq!(config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!(config.get_ports(), [1, 2]);
        assert_eq!(config.get_application_name(), Some("me"));
        assert_eq!(connector.mode(), SslMode::Allow);
    }

    #[test]
    fn takes_every_mode() {
        for (name, expected) in [
            ("disable", SslMode::Disable),
            ("allow", SslMode::Allow),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
        ] {
            let url = format!("postgres://h/db?sslmode={name}");
            assert_eq!(parse(&url, None).unwrap().1.mode(), expected);
        }
        let default = parse("postgres://h/db", None).unwrap().1;
        assert_eq!(default.mode(), SslMode::Prefer);
    }

    #[test]
    fn trusts_as_libpq_does() {
        let file = || Roots::File("/ca.pem".into());
        let named = || Some("/ca.pem".to_owned());
        let system = || Some("system".to_owned());
        assert_eq!(trust(SslMode::Require, None).unwrap(), Trust::Anyone);
        assert_eq!(
            trust(SslMode::Require, named()).unwrap(),
            Trust::Chain(file())
        );
        assert_eq!(
            trust(SslMode::VerifyCa, named()).unwrap(),
            Trust::Chain(file())
        );
        assert_eq!(
            trust(SslMode::VerifyFull, named()).unwrap(),
            Trust::ChainAndName(file())
        );
        assert_eq!(
            trust(SslMode::VerifyFull, system()).unwrap(),
            Trust::ChainAndName(Roots::System)
        );
        assert!(matches!(
            trust(SslMode::Require, system()),
            Err(AddressError::WeakSystem)
        ));
    }

    #[test]
    fn a_password_from_elsewhere_stands_over_the_urls() {
        let (config, _) = parse("postgres://u:one@h/db", Some("two")).unwrap();
        assert_eq!(config.get_password(), Some(&b"two"[..]));
    }

    #[test]
    fn says_what_is_wrong_and_never_the_password() {
        for (url, said) in [
            ("mysql://u:s3cret@h/db", "must begin with postgresql://"),
            ("postgres://u:s3?s3cret@h/db", "%3F"),
            ("postgres://u:x?s3cret=@h/db?sslmode=x", "%3F"),
            ("postgres://u:x?s3cret@h/db?sslmode=disable", "%3F"),
            (
                "postgres://u:s3cret@h/db?sslmode=on",
                "sslmode=on is not one of disable, allow",
            ),
            (
                "postgres://u:s3cret@h/db?pool=1",
                "parameter pool is not known",
            ),
            ("postgres://u:s3cret@h:port/db", "invalid"),
            ("postgres://u:s3cret@h/db?sslcert=/c", "belong together"),
            (
                "postgres://u:s3cret@h/db?sslmode=verify-ca&sslrootcert=/no",
                "/no: ",
            ),
        ] {
            let text = refused(url);
            assert!(text.contains(said), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn undoes_percent_encoding() {
        assert_eq!(decoded("%2Fetc%2Fca%20x.pem"), "/etc/ca x.pem");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%é"), "%zz%é");
    }
}
