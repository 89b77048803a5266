//! What `forebay doctor` asks; nothing here changes anything.

statement! {
    /// Its session.
    SESSION = "session_doctor.sql";
    /// The server and the database.
    SERVER = "doctor_server.sql";
    /// The collation's version now.
    COLLATION = "doctor_collation.sql";
    /// Connections that are free.
    CONNECTIONS = "doctor_connections.sql";
    /// Rights on tables.
    RIGHTS = "doctor_rights.sql";
    /// Other rights.
    RIGHTS_BESIDE = "doctor_rights_beside.sql";
    /// Indexes on what changes.
    INDEXES = "doctor_indexes.sql";
    /// Sequences.
    SEQUENCES = "doctor_sequences.sql";
    /// Dead rows.
    VACUUM = "doctor_vacuum.sql";
    /// Whose rows there are.
    ORIGIN = "doctor_origin.sql";
    /// What waits.
    FOREBAY = "doctor_forebay.sql";
}
