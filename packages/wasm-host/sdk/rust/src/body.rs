use crate::memory::{returned, to_text};
use crate::raw;
use crate::status::{check, Result};

/// A body, or another buffer of the host.
#[derive(Clone, Copy)]
pub struct Body(pub(crate) u32);

/// As a size: all of it. As a start: behind the end.
const ALL: usize = usize::MAX;

impl Body {
    /// Octets.
    pub fn size(self) -> usize {
        let (mut size, mut unused) = (0, 0);
        match check(unsafe { raw::proxy_get_buffer_status(self.0, &mut size, &mut unused) }) {
            Ok(()) => size as usize,
            Err(_) => 0,
        }
    }

    /// All of it; empty when there is none.
    pub fn bytes(self) -> Vec<u8> {
        self.slice(0, ALL)
    }

    pub fn slice(self, start: usize, max_size: usize) -> Vec<u8> {
        returned(|value, size| unsafe {
            raw::proxy_get_buffer_bytes(self.0, start, max_size, value, size)
        })
        .unwrap_or_default()
    }

    pub fn text(self) -> String {
        to_text(self.bytes())
    }

    /// Puts octets in place of all that is there.
    pub fn set(self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let bytes = bytes.as_ref();
        check(unsafe { raw::proxy_set_buffer_bytes(self.0, 0, ALL, bytes.as_ptr(), bytes.len()) })
    }

    pub fn append(self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let bytes = bytes.as_ref();
        check(unsafe { raw::proxy_set_buffer_bytes(self.0, ALL, 0, bytes.as_ptr(), bytes.len()) })
    }
}

pub fn request_body() -> Body {
    Body(0)
}

pub fn response_body() -> Body {
    Body(1)
}

/// Body of the answer to an HTTP call-out, during [`crate::Filter::on_http_response`].
pub fn call_body() -> Body {
    Body(4)
}
