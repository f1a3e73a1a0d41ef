import type { Head } from "@layotto/grpc-transport";
import type { RequestView } from "../call/request.ts";

/** A request that came in over HTTP/2, gRPC or not. */
export class Http2Request implements RequestView {
  readonly protocol = "http2";
  readonly head: Head;
  readonly peerAddress: string;

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
    let found: string | undefined;
    for (const field of this.head.list.fields) {
      if (field.name === name)
        found = found === undefined ? field.value : `${found}, ${field.value}`;
    }
    return found;
  }

  flat(): readonly string[] {
    const { fields } = this.head.list;
    return fields.flatMap(({ name, value }) => (name.startsWith(":") ? [] : [name, value]));
  }
}

/** The host of `host:port` or `[v6]:port`; empty on unix sockets. */
export function hostOfPeer(peer: string): string {
  const colon = peer.lastIndexOf(":");
  return colon < 0 ? "" : peer.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
}
