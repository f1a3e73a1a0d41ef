// A hook before spec.proto.runtime.v1.Runtime/SaveState, with body: nobody writes keys that begin with "secret_", and
// all other values are stored in capitals.
import { Action, Filter, filter, requestBody, sendResponse, toBytes } from "layotto-guest";
import { Reader, Writer } from "layotto-guest/protobuf";

export * from "layotto-guest/exports/filter";

// Fields of SaveStateRequest and StateItem.
const STATES: u32 = 2;
const KEY: u32 = 1;
const VALUE: u32 = 2;
const PERMISSION_DENIED = 7;

/** A state item with its value in capitals; null: its key must not be written. */
function rewriteItem(item: ArrayBuffer): ArrayBuffer | null {
  const reader = new Reader(item);
  const writer = new Writer();
  while (reader.next()) {
    if (reader.field === KEY && reader.text().startsWith("secret_")) return null;
    if (reader.field === VALUE) writer.text(VALUE, reader.text().toUpperCase());
    else writer.raw(reader.raw());
  }
  return writer.finish();
}

function deny(): Action {
  sendResponse(403, toBytes("keys that begin with secret_ are not for you"), [], PERMISSION_DENIED);
  return Action.Pause;
}

class SaveStateHook extends Filter {
  onRequestBody(_size: u32, end: bool): Action {
    if (!end) return Action.Pause;
    const reader = new Reader(requestBody.bytes());
    const writer = new Writer();
    while (reader.next()) {
      if (reader.field !== STATES) {
        writer.raw(reader.raw());
        continue;
      }
      const item = rewriteItem(reader.bytes());
      if (item === null) return deny();
      writer.bytes(STATES, item);
    }
    if (reader.valid) requestBody.set(writer.finish());
    return Action.Continue;
  }
}

filter("save_state_hook", (): Filter => new SaveStateHook());
