import type { RequestView } from "../call/request.ts";
import { Option, type Head } from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import { Field } from "./known-fields.ts";

/** The request of a connection as routing sees it. One per connection: its head changes with each request. */
export class HeadView implements RequestView {
  readonly protocol = "http1";
  readonly peerAddress: string;
  private readonly head: Head;

  constructor(head: Head, peerAddress: string) {
    this.head = head;
    this.peerAddress = peerAddress;
  }

  get authority(): string {
    return this.head.authority;
  }

  get path(): string {
    return this.head.path;
  }

  get method(): string {
    return this.head.method;
  }

  header(name: string): string | undefined {
    return this.head.header(name);
  }
}

/** Whether a request asks for another protocol. Not for HTTP/2: what follows would get round everything here. */
export function wantsUpgrade(head: Head): boolean {
  if ((head.connection & Option.UPGRADE) === 0 || head.minor === 0) return false;
  if ((head.repeated & Field.UPGRADE) !== 0) return false;
  const wanted = head.known(Field.UPGRADE) ?? "";
  return wanted !== "" && !/h2c/iu.test(wanted);
}

/** @throws {Http1Error} 417 for anything but 100-continue (RFC 9110 §10.1.1); HTTP/1.0 knows no expectations */
export function checkExpectation(head: Head): void {
  if ((head.seen & Field.EXPECT) === 0 || head.minor === 0) return;
  if (head.known(Field.EXPECT)?.toLowerCase() !== "100-continue") {
    throw new Http1Error(417, "an expectation other than 100-continue");
  }
}
