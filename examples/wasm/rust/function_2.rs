//! The inventory: the number of a book is the state of that name in the store "state_demo".

use layotto_guest::{get_state, Request, Response};

layotto_guest::function!("id_2", handle);

fn handle(request: &Request) -> Response {
    match get_state("state_demo", &request.text()) {
        Ok(count) => Response::new(200, count),
        Err(_) => Response::error(502, "the state store does not answer"),
    }
}
