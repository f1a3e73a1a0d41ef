//! The shop: asks the inventory (id_2) how many of a book there are.
//! curl -H 'id: id_1' 'localhost:2045?name=book1'

use layotto_guest::{invoke_service, Request, Response};

layotto_guest::function!("id_1", handle);

fn handle(request: &Request) -> Response {
    let name = match request.param("name") {
        Some(name) => name,
        None => return Response::error(400, "which book? add \"name=…\""),
    };
    match invoke_service("id_2", "", &name) {
        Ok(count) => Response::text(format!(
            "There are {} inventories for {}.",
            String::from_utf8_lossy(&count),
            name
        )),
        Err(_) => Response::error(502, "the inventory does not answer"),
    }
}
