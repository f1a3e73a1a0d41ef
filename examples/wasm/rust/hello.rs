//! Greets by name: curl -H 'id: hello' 'localhost:2045?name=Ann'

use layotto_guest::{Request, Response};

layotto_guest::function!("hello", handle);

fn handle(request: &Request) -> Response {
    let name = request.param("name").unwrap_or_else(|| "world".to_string());
    Response::text(format!("Hello, {}!", name))
}
