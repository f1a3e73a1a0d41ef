import * as env from "./env";
import { at, firstOut, outBytes, outU32, secondOut, toBytes, toText } from "./memory";
import { ok } from "./status";

/** A body, or another buffer of the host. */
export class Body {
  /** @param buffer number of the buffer in proxy-wasm */
  constructor(private readonly buffer: u32) {}

  /** Octets. */
  size(): u32 {
    return ok(env.proxy_get_buffer_status(this.buffer, firstOut(), secondOut())) ? outU32() : 0;
  }

  /** All of it; empty when there is none. */
  bytes(): ArrayBuffer {
    return this.slice(0, u32.MAX_VALUE);
  }

  slice(start: u32, maxSize: u32): ArrayBuffer {
    const status = env.proxy_get_buffer_bytes(this.buffer, start, maxSize, firstOut(), secondOut());
    return ok(status) ? outBytes() : new ArrayBuffer(0);
  }

  text(): string {
    return toText(this.bytes());
  }

  /** Puts octets in place of all that is there. */
  set(bytes: ArrayBuffer): bool {
    return ok(
      env.proxy_set_buffer_bytes(this.buffer, 0, u32.MAX_VALUE, at(bytes), bytes.byteLength),
    );
  }

  setText(text: string): bool {
    return this.set(toBytes(text));
  }

  append(bytes: ArrayBuffer): bool {
    return ok(
      env.proxy_set_buffer_bytes(this.buffer, u32.MAX_VALUE, 0, at(bytes), bytes.byteLength),
    );
  }
}

export const requestBody = new Body(0);
export const responseBody = new Body(1);
/** Body of the answer to an HTTP call-out, during `onHttpResponse`. */
export const callBody = new Body(4);
