//! A hook before spec.proto.runtime.v1.Runtime/SaveState, with body: nobody writes keys that begin with "secret_", and
//! all other values are stored in capitals.

use layotto_guest::protobuf::{fields, Broken, Writer};
use layotto_guest::{request_body, send_response, Action, Filter};

layotto_guest::filter!("save_state_hook", || SaveStateHook);

// Fields of SaveStateRequest and StateItem.
const STATES: u32 = 2;
const KEY: u32 = 1;
const VALUE: u32 = 2;
const PERMISSION_DENIED: u32 = 7;

struct SaveStateHook;

/// The message with its values in capitals; `None`: one of its keys must not be written.
fn rewrite(message: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
    let mut writer = Writer::new();
    for field in fields(message) {
        let field = field?;
        if field.number != STATES {
            writer.raw(field.raw);
            continue;
        }
        match rewrite_item(field.bytes())? {
            Some(item) => writer.bytes(STATES, item),
            None => return Ok(None),
        };
    }
    Ok(Some(writer.finish()))
}

fn rewrite_item(item: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
    let mut writer = Writer::new();
    for field in fields(item) {
        let field = field?;
        match field.number {
            KEY if field.bytes().starts_with(b"secret_") => return Ok(None),
            VALUE => writer.bytes(VALUE, field.text().to_uppercase()),
            _ => writer.raw(field.raw),
        };
    }
    Ok(Some(writer.finish()))
}

impl Filter for SaveStateHook {
    fn on_request_body(&mut self, _size: u32, end: bool) -> Action {
        if !end {
            return Action::Pause;
        }
        match rewrite(&request_body().bytes()) {
            Ok(Some(message)) => {
                let _ = request_body().set(message);
                Action::Continue
            }
            Ok(None) => {
                let text = "keys that begin with secret_ are not for you";
                let _ = send_response(403, text, &[], Some(PERMISSION_DENIED));
                Action::Pause
            }
            // Whoever reads it next says what is wrong with it.
            Err(Broken) => Action::Continue,
        }
    }
}
