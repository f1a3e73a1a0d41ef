use crate::body::{request_body, response_body};
use crate::form::form_value;
use crate::headers::request_headers;
use crate::memory::to_text;
use crate::stream::send_response;
use std::fmt::Display;

/// What a function is called with.
pub struct Request {
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new() -> Request {
        Request {
            body: request_body().bytes(),
        }
    }

    /// E.g. "GET".
    pub fn method(&self) -> String {
        self.header(":method").unwrap_or_default()
    }

    /// With the query.
    pub fn path(&self) -> String {
        self.header(":path").unwrap_or_default()
    }

    /// What follows "?" in the path.
    pub fn query(&self) -> String {
        let path = self.path();
        path.split_once('?')
            .map(|(_, query)| query.to_string())
            .unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        request_headers().get(name)
    }

    /// The body; a call without one has its query as the body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn text(&self) -> String {
        to_text(self.body.clone())
    }

    /// A value of the form in the body, else in the query.
    pub fn param(&self, name: &str) -> Option<String> {
        form_value(&self.text(), name).or_else(|| form_value(&self.query(), name))
    }
}

/// What a function answers. Texts, octets and `Result`s become one by `into()`; an error is a 500 with its text.
pub struct Response {
    pub status: u32,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Response {
    pub fn new(status: u32, body: impl Into<Vec<u8>>) -> Response {
        Response {
            status,
            body: body.into(),
            headers: Vec::new(),
        }
    }

    /// 200 with a text.
    pub fn text(text: impl Into<String>) -> Response {
        Response::new(200, text.into())
    }

    /// 200 with JSON that is written already.
    pub fn json(json: impl Into<String>) -> Response {
        Response::text(json).header("content-type", "application/json")
    }

    /// Another status, with a text.
    pub fn error(status: u32, text: impl Into<String>) -> Response {
        Response::new(status, text.into())
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Response {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    /// Hands it to the host. A plain 200 is only its body, which every host of functions understands.
    pub(crate) fn send(self) {
        let sent = if self.status == 200 && self.headers.is_empty() {
            response_body().set(&self.body)
        } else {
            let headers: Vec<(&str, &str)> = self
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            send_response(self.status, &self.body, &headers, None)
        };
        if let Err(status) = sent {
            crate::log::error(&format!("cannot answer: {}", status));
        }
    }
}

impl From<&str> for Response {
    fn from(text: &str) -> Response {
        Response::text(text)
    }
}

impl From<String> for Response {
    fn from(text: String) -> Response {
        Response::text(text)
    }
}

impl From<Vec<u8>> for Response {
    fn from(body: Vec<u8>) -> Response {
        Response::new(200, body)
    }
}

impl<T: Into<Response>, E: Display> From<std::result::Result<T, E>> for Response {
    fn from(result: std::result::Result<T, E>) -> Response {
        match result {
            Ok(value) => value.into(),
            Err(error) => {
                let text = error.to_string();
                crate::log::error(&text);
                Response::error(500, text)
            }
        }
    }
}
