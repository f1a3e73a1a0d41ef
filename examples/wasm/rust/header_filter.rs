//! A filter of the mesh: lets in only who has the token of the configuration, and marks what passes.

use layotto_guest::{
    on_configure, request_headers, response_headers, send_response, Action, Filter,
};
use std::cell::RefCell;

layotto_guest::filter!("header_filter", || HeaderFilter, start);

thread_local! {
    static TOKEN: RefCell<String> = RefCell::new(String::new());
}

fn start() {
    on_configure(|config| {
        let token = config.get("token").unwrap_or_default();
        let usable = !token.is_empty();
        TOKEN.with(|place| *place.borrow_mut() = token);
        usable
    });
}

struct HeaderFilter;

impl Filter for HeaderFilter {
    fn on_request_headers(&mut self, _count: u32, _end: bool) -> Action {
        let wanted = TOKEN.with(|token| format!("Bearer {}", token.borrow()));
        if request_headers().get("authorization") != Some(wanted) {
            let headers = [("www-authenticate", "Bearer")];
            let _ = send_response(401, "a token is needed", &headers, None);
            return Action::Pause;
        }
        let _ = request_headers().remove("authorization");
        let _ = request_headers().set("x-checked-by", "header_filter");
        Action::Continue
    }

    fn on_response_headers(&mut self, _count: u32, _end: bool) -> Action {
        let _ = response_headers().set("x-served-by", "layotto");
        Action::Continue
    }
}
