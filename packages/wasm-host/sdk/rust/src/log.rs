use crate::raw;
use crate::status::check;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

/// Writes a line to the host's log.
pub fn log(level: LogLevel, message: &str) {
    // A log that is not there is no reason to fail.
    let _ = unsafe { raw::proxy_log(level as u32, message.as_ptr(), message.len()) };
}

pub fn debug(message: &str) {
    log(LogLevel::Debug, message);
}

pub fn info(message: &str) {
    log(LogLevel::Info, message);
}

pub fn warn(message: &str) {
    log(LogLevel::Warn, message);
}

pub fn error(message: &str) {
    log(LogLevel::Error, message);
}

/// Lowest level that the host writes: spares making texts that nobody reads.
pub fn log_level() -> LogLevel {
    let mut level = 0;
    let known = check(unsafe { raw::proxy_get_log_level(&mut level) });
    match (known, level) {
        (Ok(()), 1) => LogLevel::Debug,
        (Ok(()), 2) => LogLevel::Info,
        (Ok(()), 3) => LogLevel::Warn,
        (Ok(()), 4) => LogLevel::Error,
        (Ok(()), 5) => LogLevel::Critical,
        _ => LogLevel::Trace,
    }
}

/// Time since 1970, ns.
pub fn now() -> u64 {
    let mut time = 0;
    match check(unsafe { raw::proxy_get_current_time_nanoseconds(&mut time) }) {
        Ok(()) => time,
        Err(_) => 0,
    }
}
