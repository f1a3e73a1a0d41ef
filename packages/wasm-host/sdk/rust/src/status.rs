use std::fmt;

/// Why the host did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    ParseFailure = 4,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    /// The API failed, the deadline has passed, or the function lacks a capability; the host's log says which.
    InternalFailure = 10,
    Unimplemented = 12,
}

/// What came of a call of the host.
pub type Result<T> = std::result::Result<T, Status>;

impl fmt::Display for Status {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "the host answered {:?} ({})", self, *self as u32)
    }
}

impl std::error::Error for Status {}

/// `Ok` for 0, else the status.
pub(crate) fn check(status: u32) -> Result<()> {
    Err(match status {
        0 => return Ok(()),
        1 => Status::NotFound,
        2 => Status::BadArgument,
        3 => Status::SerializationFailure,
        4 => Status::ParseFailure,
        6 => Status::InvalidMemoryAccess,
        7 => Status::Empty,
        8 => Status::CasMismatch,
        12 => Status::Unimplemented,
        _ => Status::InternalFailure,
    })
}
