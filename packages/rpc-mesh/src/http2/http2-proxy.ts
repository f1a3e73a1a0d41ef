import type { Socket } from "node:net";
import {
  GrpcServer,
  HeaderField,
  parseTimeout,
  type Head,
  type Http2Stream,
  type StreamRouter,
} from "@layotto/grpc-transport";
import type { ListenerScope } from "../listener/scope.ts";
import { FilteredHttp2Call } from "./filtered-http2-call.ts";
import { Http2Call } from "./http2-call.ts";
import { hostOfPeer, Http2Request } from "./http2-request.ts";

/** The HTTP/2 and gRPC side of a listener. */
export class Http2Proxy implements StreamRouter {
  private readonly scope: ListenerScope;
  private readonly server: GrpcServer;

  constructor(scope: ListenerScope) {
    this.scope = scope;
    const { idleTimeoutMs } = scope.config.limits;
    this.server = new GrpcServer({
      router: this,
      routesPlain: true,
      maxIdleMs: idleTimeoutMs > 0 ? idleTimeoutMs : Number.POSITIVE_INFINITY,
      onError: (error) => scope.mesh.logger.warn({ err: error }, "fault on an HTTP/2 connection"),
    });
  }

  /** Serves a connection that the listener has accepted. */
  accept(socket: Socket, received: Buffer | undefined): void {
    this.server.accept(socket, received);
  }

  onStream(stream: Http2Stream, head: Head, endStream: boolean): void {
    // A tunnel has no path to be routed by.
    if (head.method === "CONNECT") return stream.sendHeaders([notImplemented], true);
    const { mesh, config } = this.scope;
    const request = new Http2Request(head, hostOfPeer(stream.connection.peerName));
    const options = this.scope.callOptions(request, "http2", deadlineOf(head, mesh.clock.now()));
    const { maxBodyBytes } = config.limits;
    const filters = this.scope.functions?.filters;
    const call =
      filters === undefined || filters.length === 0
        ? new Http2Call(stream, head, endStream, mesh, options, maxBodyBytes)
        : new FilteredHttp2Call(stream, head, endStream, mesh, options, maxBodyBytes, filters);
    stream.sink = call;
    call.begin();
  }

  /** Asks callers to go elsewhere and waits for calls under way, `graceMs` at most. */
  drain(graceMs: number): Promise<void> {
    return this.server.drain(graceMs);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

const notImplemented = new HeaderField(":status", "501");

function deadlineOf({ timeout }: Head, now: number): number | undefined {
  if (timeout === "") return undefined;
  const ms = parseTimeout(timeout);
  return Number.isNaN(ms) ? undefined : now + ms;
}
