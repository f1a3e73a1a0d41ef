// A filter that lets each caller make so many calls a second: `config: { limit: "100" }`. The counters are shared data,
// so all instances count together.
import {
  Action,
  Config,
  Filter,
  filter,
  getShared,
  now,
  onConfigure,
  Pair,
  requestHeaders,
  sendResponse,
  setShared,
  toBytes,
} from "layotto-guest";

export * from "layotto-guest/exports/filter";

let limit: u32 = 100;

onConfigure((config: Config): bool => {
  const value = config.get("limit");
  if (value !== null) limit = u32.parse(value);
  return limit > 0;
});

/** Counts a call. @returns calls in this second, this one included */
function count(caller: string): u32 {
  const key = `rate:${caller}`;
  const second = <u32>(now() / 1_000_000_000);
  for (let attempt = 0; attempt < 10; attempt++) {
    const shared = getShared(key);
    let calls: u32 = 1;
    if (shared !== null && shared.value.byteLength === 8) {
      const at = changetype<usize>(shared.value);
      if (load<u32>(at) === second) calls = load<u32>(at, 4) + 1;
    }
    const value = new ArrayBuffer(8);
    store<u32>(changetype<usize>(value), second);
    store<u32>(changetype<usize>(value), calls, 4);
    // Fails when another instance has counted meanwhile.
    if (setShared(key, value, shared !== null ? shared.cas : 0)) return calls;
  }
  return limit + 1;
}

class RateLimiter extends Filter {
  onRequestHeaders(_count: u32, _end: bool): Action {
    const caller = requestHeaders.get("x-caller");
    if (count(caller !== null ? caller : "") <= limit) return Action.Continue;
    sendResponse(429, toBytes("too many calls"), [new Pair("retry-after", "1")]);
    return Action.Pause;
  }
}

filter("rate_limiter", (): Filter => new RateLimiter());
