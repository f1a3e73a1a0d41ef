use crate::memory::{returned, to_text};
use crate::pairs::{decode, encode, Pairs};
use crate::raw;
use crate::status::{check, Result};

/// Headers or trailers of the exchange. Names are looked up without regard to case.
#[derive(Clone, Copy)]
pub struct HeaderMap(u32);

impl HeaderMap {
    /// The value of a header, several lines joined by ", ".
    pub fn get(self, name: &str) -> Option<String> {
        returned(|value, size| unsafe {
            raw::proxy_get_header_map_value(self.0, name.as_ptr(), name.len(), value, size)
        })
        .ok()
        .map(to_text)
    }

    /// Sets a header to one line.
    pub fn set(self, name: &str, value: &str) -> Result<()> {
        check(unsafe {
            raw::proxy_replace_header_map_value(
                self.0,
                name.as_ptr(),
                name.len(),
                value.as_ptr(),
                value.len(),
            )
        })
    }

    /// Adds a line.
    pub fn add(self, name: &str, value: &str) -> Result<()> {
        check(unsafe {
            raw::proxy_add_header_map_value(
                self.0,
                name.as_ptr(),
                name.len(),
                value.as_ptr(),
                value.len(),
            )
        })
    }

    pub fn remove(self, name: &str) -> Result<()> {
        check(unsafe { raw::proxy_remove_header_map_value(self.0, name.as_ptr(), name.len()) })
    }

    /// All lines in order.
    pub fn all(self) -> Pairs {
        returned(|pairs, size| unsafe { raw::proxy_get_header_map_pairs(self.0, pairs, size) })
            .map(|bytes| decode(&bytes))
            .unwrap_or_default()
    }

    /// Puts these lines in place of all others.
    pub fn set_all(self, pairs: &[(&str, &str)]) -> Result<()> {
        let bytes = encode(pairs);
        check(unsafe { raw::proxy_set_header_map_pairs(self.0, bytes.as_ptr(), bytes.len()) })
    }
}

pub fn request_headers() -> HeaderMap {
    HeaderMap(0)
}

pub fn request_trailers() -> HeaderMap {
    HeaderMap(1)
}

pub fn response_headers() -> HeaderMap {
    HeaderMap(2)
}

pub fn response_trailers() -> HeaderMap {
    HeaderMap(3)
}

/// Headers of the answer to an HTTP call-out, during [`crate::Filter::on_http_response`].
pub fn call_headers() -> HeaderMap {
    HeaderMap(6)
}

/// Trailers of the answer to an HTTP call-out, during [`crate::Filter::on_http_response`].
pub fn call_trailers() -> HeaderMap {
    HeaderMap(7)
}
