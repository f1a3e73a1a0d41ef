import { GrpcClient } from "../client.ts";
import type { Head } from "../connection/head.ts";
import type { Http2Stream } from "../connection/stream.ts";
import { ForwardedCall, type ForwardLimits } from "../forward.ts";
import { GrpcError } from "../grpc-error.ts";
import { internalLimits } from "../limits.ts";
import { GrpcServer } from "../server.ts";
import { Status, type StatusCode } from "../status.ts";

/** The least that a gateway is: one upstream, calls wait for its connection. */
class TestCall extends ForwardedCall {
  private readonly gateway: Gateway;

  constructor(gateway: Gateway, caller: Http2Stream, head: Head, endStream: boolean) {
    super(caller, head, endStream, gateway.limits);
    this.gateway = gateway;
  }

  dispatch(): void {
    this.gateway.upstream.acquire(5000, undefined, (connection) => {
      if (connection) this.send(connection, this.head.list.fields);
      else this.fail(new GrpcError(Status.UNAVAILABLE, "no upstream"));
    });
  }

  protected override onFirstMessage(message: Buffer, compressed: boolean): void {
    this.gateway.log.push(`first ${message.toString("latin1", 0, 20)} ${compressed}`);
    const { replacement } = this.gateway;
    if (replacement !== undefined) this.replaceFirstMessage(replacement);
    this.dispatch();
  }

  protected override onUnprocessed(): void {
    this.gateway.log.push("unprocessed");
    this.dispatch();
  }

  protected override onReplayLimit(): void {
    this.fail(new GrpcError(Status.UNAVAILABLE, "replay limit"));
  }

  protected override onLost(): void {
    this.fail(new GrpcError(Status.UNAVAILABLE, "lost"));
  }

  protected override onEnded(code: StatusCode): void {
    this.gateway.log.push(`ended ${code} ${this.bytesIn} ${this.bytesOut}`);
  }
}

/** A gateway of one upstream with a log of what its calls were told. */
export class Gateway {
  readonly upstream: GrpcClient;
  readonly server: GrpcServer;
  readonly log: string[] = [];
  readonly limits: ForwardLimits = { replayBytes: 65_536, maxFirstMessageBytes: 100_000 };
  gathers = false;
  /** What goes in the place of a first message that was gathered; undefined: nothing does. */
  replacement: Buffer | undefined;

  constructor(upstreamPort: number, maxBufferedBytes = 12_582_912) {
    const target = { host: "127.0.0.1", port: upstreamPort };
    this.upstream = new GrpcClient(target, {
      limits: internalLimits,
      persistent: true,
      backoffMs: 5,
    });
    this.upstream.connect();
    this.server = new GrpcServer({
      limits: { maxBufferedBytes },
      router: {
        onStream: (stream, head, endStream) => {
          const call = new TestCall(this, stream, head, endStream);
          stream.sink = call;
          if (this.gathers) call.gatherFirstMessage();
          else call.dispatch();
        },
      },
    });
  }
}
