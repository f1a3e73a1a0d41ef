// A filter of the mesh: lets in only who has the token of the configuration, and marks what passes.
import {
  Action,
  Config,
  Filter,
  filter,
  onConfigure,
  Pair,
  requestHeaders,
  responseHeaders,
  sendResponse,
  toBytes,
} from "layotto-guest";

export * from "layotto-guest/exports/filter";

let token = "";

onConfigure((config: Config): bool => {
  const value = config.get("token");
  if (value !== null) token = value;
  return token.length > 0;
});

class HeaderFilter extends Filter {
  onRequestHeaders(_count: u32, _end: bool): Action {
    const given = requestHeaders.get("authorization");
    if (given === null || given !== `Bearer ${token}`) {
      const headers = [new Pair("www-authenticate", "Bearer")];
      sendResponse(401, toBytes("a token is needed"), headers);
      return Action.Pause;
    }
    requestHeaders.remove("authorization");
    requestHeaders.set("x-checked-by", "header_filter");
    return Action.Continue;
  }

  onResponseHeaders(_count: u32, _end: bool): Action {
    responseHeaders.set("x-served-by", "layotto");
    return Action.Continue;
  }
}

filter("header_filter", (): Filter => new HeaderFilter());
