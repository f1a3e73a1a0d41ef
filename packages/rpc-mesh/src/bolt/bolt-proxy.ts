import type { MeshFailure } from "../call/failure.ts";
import { Reason } from "../call/failure.ts";
import { boltOf, meshFailure } from "../call/statuses.ts";
import type { ListenerScope } from "../listener/scope.ts";
import { append } from "../multiplex/append.ts";
import type { ListedCall } from "../multiplex/call-list.ts";
import type { CallerConnection, CallerProtocol } from "../multiplex/caller-connection.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import type { MuxLimits } from "../multiplex/limits.ts";
import { MuxServer } from "../multiplex/mux-server.ts";
import { BoltCall } from "./bolt-call.ts";
import type { BoltFrame } from "./bolt-frame.ts";
import { BoltRequest } from "./bolt-request.ts";
import { bolt, boltv2 } from "./bolt-wire.ts";
import { BoltCommand, BoltType } from "./constants.ts";
import { convertBolt } from "./convert-bolt.ts";
import { encodeBolt, forwardBolt } from "./write-bolt.ts";

const NOTHING = Buffer.alloc(0);

const boltCallers: CallerProtocol<BoltFrame> = {
  onRequest(frame, connection) {
    const request = new BoltRequest(frame.keep(), connection.peerAddress);
    new ProxiedBoltCall(request, connection).start();
  },
  onOversize(frame, length, connection) {
    const text = `request of ${length} octets is over the limit of listener "${connection.scope.config.name}"`;
    writeFailure(connection, frame, meshFailure(Reason.BODY_TOO_LARGE, text));
  },
  // MOSN's extension. SOFABolt in Java closes a connection on which it meets a command that it does not know.
  announcesDrain: ({ config }) => config.boltGoaway === true,
};

/** Serves bolt callers of a listener. Both versions are understood on every connection, and answered in kind. */
export function createBoltServer(
  scope: ListenerScope,
  version: "bolt" | "boltv2",
  limits?: MuxLimits,
): MuxServer<BoltFrame> {
  return new MuxServer(version === "bolt" ? bolt : boltv2, boltCallers, scope, limits);
}

/** A call of a caller's connection. */
class ProxiedBoltCall extends BoltCall implements ListedCall {
  place = 0;
  readonly heldBytes: number;
  private readonly connection: CallerConnection<BoltFrame>;

  constructor(request: BoltRequest, connection: CallerConnection<BoltFrame>) {
    const { scope } = connection;
    const { timeoutMs } = request.frame;
    const deadlineMs = timeoutMs > 0 ? scope.mesh.clock.now() + timeoutMs : undefined;
    super(scope.mesh, scope.callOptions(request, request.protocol, deadlineMs), request);
    this.connection = connection;
    this.heldBytes = request.frame.end - request.frame.start;
  }

  start(): void {
    this.connection.add(this);
    this.requestComplete();
    this.begin();
  }

  protected deliver(frame: BoltFrame): void {
    const { request, connection } = this;
    if (this.oneway || connection.closed) return;
    forwardBolt(connection.output, this.answerFrom(frame), request.frame.id);
  }

  protected fail(failure: MeshFailure): void {
    if (!this.oneway) writeFailure(this.connection, this.request.frame, failure);
  }

  protected override ended(): void {
    this.connection.remove(this);
  }

  private answerFrom(frame: BoltFrame): BoltFrame {
    const { version } = this.request.frame;
    const { changes } = this;
    if (version === frame.version && changes.length === 0) return frame;
    try {
      return convertBolt(frame, version, changes, "response");
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      return convertBolt(frame, version, [], "response");
    }
  }
}

/** Answers with a status; the headers say why, for people. */
function writeFailure(
  connection: CallerConnection<BoltFrame>,
  request: BoltFrame,
  failure: MeshFailure,
): void {
  if (connection.closed) return;
  const answer = encodeBolt({
    version: request.version,
    type: BoltType.RESPONSE,
    command: BoltCommand.RESPONSE,
    id: request.id,
    codec: request.codec,
    checked: request.checked,
    variable: boltOf(failure),
    className: NOTHING,
    headers: [
      ["x-mesh-failure", failure.reason],
      ["x-mesh-message", failure.message.slice(0, MAX_MESSAGE_CHARS)],
    ],
    content: NOTHING,
  });
  append(connection.output, answer);
}

const MAX_MESSAGE_CHARS = 2000;
