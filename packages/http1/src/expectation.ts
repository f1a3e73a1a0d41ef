import type { Head } from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import { Field } from "./known-fields.ts";

/**
 * Whether the caller waits for a word before it sends the body.
 *
 * @throws {Http1Error} 417 for anything but 100-continue (RFC 9110 §10.1.1); HTTP/1.0 knows no expectations
 */
export function expectsContinue(head: Head): boolean {
  if ((head.seen & Field.EXPECT) === 0 || head.minor === 0) return false;
  if (head.known(Field.EXPECT)?.toLowerCase() === "100-continue") return true;
  throw new Http1Error(417, "an expectation other than 100-continue");
}
