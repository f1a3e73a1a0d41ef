//! A filter that asks the upstream "auth" about each request and waits for its answer: with 200 the request goes on and
//! says who it is, with anything else it ends.

use layotto_guest::{
    call_body, call_headers, continue_request, http_call, request_headers, send_response, Action,
    Filter,
};

layotto_guest::filter!("ask_first", || AskFirst);

const TIMEOUT_MS: u32 = 500;

struct AskFirst;

impl Filter for AskFirst {
    fn on_request_headers(&mut self, _count: u32, _end: bool) -> Action {
        let token = request_headers().get("authorization").unwrap_or_default();
        let headers = [
            (":method", "GET"),
            (":path", "/who"),
            (":authority", "auth"),
            ("authorization", &token),
        ];
        if http_call("auth", &headers, "", TIMEOUT_MS).is_err() {
            let _ = send_response(503, "nobody can say who you are", &[], None);
        }
        Action::Pause
    }

    fn on_http_response(&mut self, _call: u32, _headers: u32, _body_size: u32) {
        if call_headers().get(":status").as_deref() != Some("200") {
            let _ = send_response(403, "not for you", &[], None);
            return;
        }
        let _ = request_headers().set("x-user", &call_body().text());
        let _ = continue_request();
    }
}
