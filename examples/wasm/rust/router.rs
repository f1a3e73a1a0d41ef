//! A hook of the mesh's step `route`: who sends "x-canary: true" gets the cluster of the configuration.

use layotto_guest::{on_configure, request_headers, set_property, Action, Filter};
use std::cell::RefCell;

layotto_guest::filter!("router", || Router, start);

thread_local! {
    static CLUSTER: RefCell<String> = RefCell::new("canary".to_string());
}

fn start() {
    on_configure(|config| {
        if let Some(cluster) = config.get("cluster") {
            CLUSTER.with(|place| *place.borrow_mut() = cluster);
        }
        true
    });
}

struct Router;

impl Filter for Router {
    fn on_request_headers(&mut self, _count: u32, _end: bool) -> Action {
        if request_headers().get("x-canary").as_deref() == Some("true") {
            let _ = CLUSTER.with(|cluster| set_property("layotto.cluster", &cluster.borrow()));
        }
        Action::Continue
    }
}
