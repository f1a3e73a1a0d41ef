import * as env from "./env";
import { at, firstOut, outBytes, secondOut, toBytes, toText } from "./memory";
import { decodePairs, encodePairs, Pair } from "./pairs";
import { ok } from "./status";

/** Headers or trailers of the exchange. Names are looked up without regard to case. */
export class HeaderMap {
  /** @param map number of the map in proxy-wasm */
  constructor(private readonly map: u32) {}

  /** The value of a header, several lines joined by ", "; null: there is none. */
  get(name: string): string | null {
    const key = toBytes(name);
    const status = env.proxy_get_header_map_value(
      this.map,
      at(key),
      key.byteLength,
      firstOut(),
      secondOut(),
    );
    return ok(status) ? toText(outBytes()) : null;
  }

  /** Sets a header to one line. */
  set(name: string, value: string): bool {
    const key = toBytes(name);
    const text = toBytes(value);
    return ok(
      env.proxy_replace_header_map_value(
        this.map,
        at(key),
        key.byteLength,
        at(text),
        text.byteLength,
      ),
    );
  }

  /** Adds a line. */
  add(name: string, value: string): bool {
    const key = toBytes(name);
    const text = toBytes(value);
    return ok(
      env.proxy_add_header_map_value(this.map, at(key), key.byteLength, at(text), text.byteLength),
    );
  }

  remove(name: string): bool {
    const key = toBytes(name);
    return ok(env.proxy_remove_header_map_value(this.map, at(key), key.byteLength));
  }

  /** All lines in order. */
  all(): Pair[] {
    const status = env.proxy_get_header_map_pairs(this.map, firstOut(), secondOut());
    return ok(status) ? decodePairs(outBytes()) : new Array<Pair>();
  }

  /** Puts these lines in place of all others. */
  setAll(pairs: Pair[]): bool {
    const bytes = encodePairs(pairs);
    return ok(env.proxy_set_header_map_pairs(this.map, at(bytes), bytes.byteLength));
  }
}

export const requestHeaders = new HeaderMap(0);
export const requestTrailers = new HeaderMap(1);
export const responseHeaders = new HeaderMap(2);
export const responseTrailers = new HeaderMap(3);
/** Headers of the answer to an HTTP call-out, during `onHttpResponse`. */
export const callHeaders = new HeaderMap(6);
/** Trailers of the answer to an HTTP call-out, during `onHttpResponse`. */
export const callTrailers = new HeaderMap(7);
