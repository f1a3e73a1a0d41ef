//! A filter that lets each caller make so many calls a second: `config: { limit: "100" }`. The counters are shared data,
//! so all instances count together.

use layotto_guest::{
    get_shared, now, on_configure, request_headers, send_response, set_shared, Action, Filter,
    Status,
};
use std::cell::Cell;

layotto_guest::filter!("rate_limiter", || RateLimiter, start);

thread_local! {
    static LIMIT: Cell<u64> = Cell::new(100);
}

fn start() {
    on_configure(|config| {
        let limit = config.get("limit").map_or(Ok(100), |text| text.parse());
        LIMIT.with(|place| place.set(limit.clone().unwrap_or(0)));
        limit.map_or(false, |limit| limit > 0)
    });
}

/// Counts a call. Returns the calls of this second, this one included.
fn count(caller: &str) -> Result<u64, Status> {
    let key = format!("rate:{}", caller);
    let second = now() / 1_000_000_000;
    for _ in 0..10 {
        let shared = get_shared(&key)?;
        let cas = shared.as_ref().map_or(0, |shared| shared.cas);
        let before = shared.and_then(|shared| parse(&shared.value));
        let calls = match before {
            Some((same, calls)) if same == second => calls + 1,
            _ => 1,
        };
        match set_shared(&key, format!("{} {}", second, calls), cas) {
            Ok(()) => return Ok(calls),
            // Another instance has counted meanwhile.
            Err(Status::CasMismatch) => continue,
            Err(status) => return Err(status),
        }
    }
    Ok(u64::MAX)
}

fn parse(value: &[u8]) -> Option<(u64, u64)> {
    let (second, calls) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    Some((second.parse().ok()?, calls.parse().ok()?))
}

struct RateLimiter;

impl Filter for RateLimiter {
    fn on_request_headers(&mut self, _count: u32, _end: bool) -> Action {
        let caller = request_headers().get("x-caller").unwrap_or_default();
        match count(&caller) {
            Ok(calls) if calls <= LIMIT.with(Cell::get) => Action::Continue,
            _ => {
                let _ = send_response(429, "too many calls", &[("retry-after", "1")], None);
                Action::Pause
            }
        }
    }
}
