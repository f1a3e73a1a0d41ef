//! What a module of Layotto uses of its host. The pages of the other languages' SDKs have the same names.
//!
//! A function answers requests:
//!
//! ```ignore
//! use layotto_guest::{Request, Response};
//!
//! layotto_guest::function!("hello", handle);
//!
//! fn handle(request: &Request) -> Response {
//!     Response::text(format!("Hello, {}!", request.param("name").unwrap_or_default()))
//! }
//! ```
//!
//! A filter looks at exchanges on their way: [`Filter`] and [`filter!`].

mod body;
mod exports;
mod filter;
mod form;
mod headers;
mod http;
mod log;
mod memory;
mod module;
mod pairs;
pub mod protobuf;
pub mod raw;
mod runtime;
mod shared;
mod status;
mod stream;

#[doc(hidden)]
pub use exports::hidden;

pub use body::{call_body, request_body, response_body, Body};
pub use filter::{http_call, Filter};
pub use form::form_value;
pub use headers::{
    call_headers, call_trailers, request_headers, request_trailers, response_headers,
    response_trailers, HeaderMap,
};
pub use http::{Request, Response};
pub use log::{debug, error, info, log, log_level, now, warn, LogLevel};
pub use module::{on_configure, on_queue_ready, on_tick, set_tick_period, Config};
pub use pairs::Pairs;
pub use runtime::{
    call_foreign_function, delete_state, get_configuration_item, get_secret, get_state,
    invoke_service, next_id, publish, set_state, try_lock, unlock, Unlocked,
};
pub use shared::{
    dequeue, enqueue, get_shared, register_queue, resolve_queue, set_shared, Metric, MetricKind,
    Shared,
};
pub use status::{Result, Status};
pub use stream::{
    continue_request, continue_response, get_property, send_response, set_property, Action,
};
