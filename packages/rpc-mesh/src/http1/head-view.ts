import { namesToDrop, type Head } from "@layotto/http1";
import type { RequestView } from "../call/request.ts";

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

  flat(): readonly string[] {
    return linesOf(this.head);
  }
}

/** The lines of a head without those that its Connection lists: name, value, name, value …. */
export function linesOf(head: Head): string[] {
  const lines = head.flat();
  const dropped = namesToDrop(head, undefined);
  if (dropped === undefined) return lines;
  return lines.filter((_, i) => !dropped.has(lines[i - (i % 2)] ?? ""));
}
