// A filter that asks the upstream "auth" about each request and waits for its answer: with 200 the request goes on and
// says who it is, with anything else it ends.
import {
  Action,
  callBody,
  callHeaders,
  continueRequest,
  Filter,
  filter,
  httpCall,
  Pair,
  requestHeaders,
  sendResponse,
  toBytes,
} from "layotto-guest";

export * from "layotto-guest/exports/filter";

const timeoutMs = 500;

class AskFirst extends Filter {
  onRequestHeaders(_count: u32, _end: bool): Action {
    const token = requestHeaders.get("authorization");
    const headers = [
      new Pair(":method", "GET"),
      new Pair(":path", "/who"),
      new Pair(":authority", "auth"),
      new Pair("authorization", token !== null ? token : ""),
    ];
    if (httpCall("auth", headers, toBytes(""), timeoutMs) < 0)
      sendResponse(503, toBytes("nobody can say who you are"));
    return Action.Pause;
  }

  onHttpResponse(_call: u32, _headers: u32, _bodySize: u32): void {
    const status = callHeaders.get(":status");
    if (status === null || status !== "200") {
      sendResponse(403, toBytes("not for you"));
      return;
    }
    requestHeaders.set("x-user", callBody.text());
    continueRequest();
  }
}

filter("ask_first", (): Filter => new AskFirst());
