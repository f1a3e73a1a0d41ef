import { Reason, type MeshFailure } from "../call/failure.ts";
import { dubboOf, meshFailure } from "../call/statuses.ts";
import type { ListenerScope } from "../listener/scope.ts";
import { append } from "../multiplex/append.ts";
import type { ListedCall } from "../multiplex/call-list.ts";
import type { CallerConnection, CallerProtocol } from "../multiplex/caller-connection.ts";
import { MuxServer } from "../multiplex/mux-server.ts";
import { DubboCall } from "./dubbo-call.ts";
import type { DubboFrame } from "./dubbo-frame.ts";
import { DubboRequest } from "./dubbo-request.ts";
import { dubbo } from "./dubbo-wire.ts";
import { errorResponse, forwardDubbo } from "./write-dubbo.ts";

const dubboCallers: CallerProtocol<DubboFrame> = {
  onRequest(frame, connection) {
    const request = new DubboRequest(frame.keep(), connection.peerAddress);
    new ProxiedDubboCall(request, connection).start();
  },
  onOversize(frame, length, connection) {
    const text = `request of ${length} octets is over the limit of listener "${connection.scope.config.name}"`;
    writeFailure(connection, frame, meshFailure(Reason.BODY_TOO_LARGE, text));
  },
  // Consumers that found us in a registry go elsewhere. The app's own has no other address: it would call nobody until a
  // reconnect, a minute later.
  announcesDrain: ({ config }) => config.type === "ingress",
};

/** Serves Dubbo callers of a listener. */
export function createDubboServer(scope: ListenerScope): MuxServer<DubboFrame> {
  return new MuxServer(dubbo, dubboCallers, scope);
}

/** A call of a caller's connection. */
class ProxiedDubboCall extends DubboCall implements ListedCall {
  place = 0;
  readonly heldBytes: number;
  private readonly connection: CallerConnection<DubboFrame>;

  constructor(request: DubboRequest, connection: CallerConnection<DubboFrame>) {
    const { scope } = connection;
    const { timeoutMs } = request;
    const deadlineMs = timeoutMs === undefined ? undefined : scope.mesh.clock.now() + timeoutMs;
    super(scope.mesh, scope.callOptions(request, "dubbo", deadlineMs), request);
    this.connection = connection;
    this.heldBytes = request.frame.end - request.frame.start;
  }

  start(): void {
    this.connection.add(this);
    this.requestComplete();
    this.begin();
  }

  protected deliver(frame: DubboFrame): void {
    const { request, connection } = this;
    if (this.oneway || connection.closed) return;
    forwardDubbo(connection.output, frame, request.frame.idHigh, request.frame.id);
  }

  protected fail(failure: MeshFailure): void {
    if (!this.oneway) writeFailure(this.connection, this.request.frame, failure);
  }

  protected override ended(): void {
    this.connection.remove(this);
  }
}

function writeFailure(
  connection: CallerConnection<DubboFrame>,
  { idHigh, id }: DubboFrame,
  failure: MeshFailure,
): void {
  if (connection.closed) return;
  const text = `${failure.reason}: ${failure.message}`;
  append(connection.output, errorResponse(idHigh, id, dubboOf(failure), text));
}
