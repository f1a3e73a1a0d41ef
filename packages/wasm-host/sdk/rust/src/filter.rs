use crate::pairs::encode;
use crate::raw;
use crate::status::{check, Result};
use crate::stream::Action;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Looks at one exchange on its way, or changes it. Write what you need; the rest lets everything pass.
pub trait Filter {
    /// `end`: the request has neither body nor trailers, or they are not shown.
    fn on_request_headers(&mut self, _count: u32, _end: bool) -> Action {
        Action::Continue
    }

    /// `size`: octets of [`crate::request_body`]; with `end` it is complete.
    fn on_request_body(&mut self, _size: u32, _end: bool) -> Action {
        Action::Continue
    }

    fn on_request_trailers(&mut self, _count: u32) -> Action {
        Action::Continue
    }

    fn on_response_headers(&mut self, _count: u32, _end: bool) -> Action {
        Action::Continue
    }

    fn on_response_body(&mut self, _size: u32, _end: bool) -> Action {
        Action::Continue
    }

    fn on_response_trailers(&mut self, _count: u32) -> Action {
        Action::Continue
    }

    /// The answer to an [`http_call`] of this filter: [`crate::call_headers`], [`crate::call_body`]. No headers: the call
    /// failed.
    fn on_http_response(&mut self, _call: u32, _headers: u32, _body_size: u32) {}

    /// The exchange is over; headers can still be read.
    fn on_log(&mut self) {}
}

thread_local! {
    static FILTERS: RefCell<BTreeMap<u32, Box<dyn Filter>>> = RefCell::new(BTreeMap::new());
    /// Which context made a call.
    static CALLS: RefCell<BTreeMap<u32, u32>> = RefCell::new(BTreeMap::new());
    static CURRENT: Cell<u32> = Cell::new(0);
}

/// Begins an HTTP call to an upstream of the configuration, or to a host; the answer comes to
/// [`Filter::on_http_response`] of the same filter, so return [`Action::Pause`] to wait for it. `headers` with ":method",
/// ":path" and ":authority". Returns the number of the call.
pub fn http_call(
    upstream: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
    timeout_ms: u32,
) -> Result<u32> {
    let (pairs, trailers, body) = (encode(headers), encode(&[]), body.as_ref());
    let mut call = 0;
    check(unsafe {
        raw::proxy_http_call(
            upstream.as_ptr(),
            upstream.len(),
            pairs.as_ptr(),
            pairs.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout_ms,
            &mut call,
        )
    })?;
    CALLS.with(|calls| calls.borrow_mut().insert(call, CURRENT.with(Cell::get)));
    Ok(call)
}

pub(crate) fn create(context: u32, filter: Box<dyn Filter>) {
    FILTERS.with(|filters| filters.borrow_mut().insert(context, filter));
}

/// Runs something on the filter of a context; `R::default()` when there is none.
pub(crate) fn with<R: Default>(context: u32, run: impl FnOnce(&mut dyn Filter) -> R) -> R {
    CURRENT.with(|current| current.set(context));
    FILTERS.with(|filters| match filters.borrow_mut().get_mut(&context) {
        Some(filter) => run(filter.as_mut()),
        None => R::default(),
    })
}

/// Runs something on the filter that made a call.
pub(crate) fn with_caller(call: u32, context: u32, run: impl FnOnce(&mut dyn Filter)) {
    let caller = CALLS.with(|calls| calls.borrow_mut().remove(&call));
    let caller = caller.unwrap_or(context);
    if caller != context {
        unsafe { raw::proxy_set_effective_context(caller) };
    }
    with(caller, run);
}

pub(crate) fn end(context: u32) {
    FILTERS.with(|filters| filters.borrow_mut().remove(&context));
    CALLS.with(|calls| calls.borrow_mut().retain(|_, caller| *caller != context));
}
