import type { RequestView } from "../call/request.ts";
import type { Protocol } from "../model/host.ts";
import type { Invocation } from "./channel.ts";

/** A call of InvokeService as routes and limits see it: the header `id` is the service, as in Layotto. */
export class InvocationRequest implements RequestView {
  readonly protocol: Protocol;
  readonly path: string;
  readonly method: string;
  /** As in Layotto: routes tell services by their id, not by a host. */
  readonly authority = "localhost";
  readonly peerAddress = "";
  private readonly invocation: Invocation;

  constructor(protocol: Protocol, invocation: Invocation, path: string, method: string) {
    this.protocol = protocol;
    this.invocation = invocation;
    this.path = path;
    this.method = method;
  }

  header(name: string): string | undefined {
    if (name === "id") return this.invocation.id;
    for (const header of this.invocation.headers) if (header[0] === name) return header[1];
    return name === "content-type" ? this.invocation.contentType : undefined;
  }

  flat(): readonly string[] {
    const { id, contentType, headers } = this.invocation;
    const lines = ["id", id];
    if (contentType !== "") lines.push("content-type", contentType);
    for (const [name, value] of headers) if (name !== "id") lines.push(name, value);
    return lines;
  }
}
