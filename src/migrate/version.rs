//! How schema `forebay` stands to what this forebay knows: workers of two versions may run side by
//! side while one is replaced by the other.

use std::cmp::Ordering;

use tokio_postgres::{Client, Error};

use super::latest;
use crate::sql;

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// No schema, or no migration was ever run.
    None,
    /// An older version's.
    Older,
    /// This one's.
    Same,
    /// A newer forebay's, with which this one can work: what it does not know was only added.
    NewerFits(i32),
    /// A newer forebay's, with which this one cannot.
    NewerUnfit {
        /// The schema's version.
        version: i32,
        /// What a forebay must know to work with it.
        oldest: i32,
    },
}

/// Looks.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn version(client: &Client) -> Result<Version, Error> {
    let row = client.query_one(sql::CONTRACT_VERSION, &[]).await?;
    if !row.try_get::<_, bool>(1)? {
        return Ok(Version::None);
    }
    let row = client.query_one(sql::CONTRACT_MIGRATED, &[]).await?;
    let Some(version) = row.try_get::<_, Option<i32>>(0)? else {
        return Ok(Version::None);
    };
    match version.cmp(&latest()) {
        Ordering::Less => Ok(Version::Older),
        Ordering::Equal => Ok(Version::Same),
        Ordering::Greater => {
            let row = client.query_one(sql::CONTRACT_COMPATIBLE, &[]).await?;
            let oldest: i32 = row.try_get(0)?;
            Ok(if oldest <= latest() {
                Version::NewerFits(version)
            } else {
                Version::NewerUnfit { version, oldest }
            })
        }
    }
}
