use crate::memory::{returned, to_text};
use crate::pairs::encode;
use crate::raw;
use crate::status::{check, Result};

/// What becomes of the exchange after a callback of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Action {
    Continue = 0,
    /// Nothing more happens until [`continue_request`], [`continue_response`] or [`send_response`].
    Pause = 1,
}

/// Answers in place of the upstream. A filter returns [`Action::Pause`] after it.
///
/// `grpc_status`: for callers that speak gRPC; `None`: made from the HTTP status.
pub fn send_response(
    status: u32,
    body: impl AsRef<[u8]>,
    headers: &[(&str, &str)],
    grpc_status: Option<u32>,
) -> Result<()> {
    let body = body.as_ref();
    let pairs = encode(headers);
    let details = "";
    check(unsafe {
        raw::proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            pairs.as_ptr(),
            pairs.len(),
            grpc_status.map_or(-1, |code| code as i32),
        )
    })
}

/// Goes on with a request that a callback paused.
pub fn continue_request() -> Result<()> {
    check(unsafe { raw::proxy_continue_stream(0) })
}

/// Goes on with a response that a callback paused.
pub fn continue_response() -> Result<()> {
    check(unsafe { raw::proxy_continue_stream(1) })
}

/// The octets of a path: proxy-wasm separates its parts by NUL.
fn path_bytes(path: &str) -> String {
    path.replace('.', "\0")
}

/// A property by its path, e.g. "source.address".
pub fn get_property(path: &str) -> Option<String> {
    let path = path_bytes(path);
    returned(|value, size| unsafe {
        raw::proxy_get_property(path.as_ptr(), path.len(), value, size)
    })
    .ok()
    .map(to_text)
}

/// Sets a property, e.g. "layotto.cluster" in a hook of the mesh's step `route`.
pub fn set_property(path: &str, value: &str) -> Result<()> {
    let path = path_bytes(path);
    check(unsafe {
        raw::proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len())
    })
}
