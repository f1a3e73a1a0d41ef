import type { Timer } from "@layotto/sidecar-kit";
import { append, appendChunk, appendFinalChunk, Framing, Memory } from "@layotto/http1";
import { Attempt } from "../call/attempt.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Exchange } from "./exchange.ts";
import { http1Pool, type Http1Pool } from "./pool.ts";
import type { ProxyCall } from "./proxy-call.ts";

/** A copy that is not answered in time is given up, ms. */
const MIRROR_TIMEOUT_MS = 60_000;

/** Sends a copy of a whole request; what comes of it is nobody's business. */
export function sendMirror(call: ProxyCall, cluster: Cluster, host: Host): void {
  const { clock } = call.mesh;
  const attempt = new Attempt(cluster, host, 0, clock.monotonic());
  attempt.path = call.options.request.path;
  attempt.authority = call.options.request.authority;
  const copy = new Memory();
  call.writeHead(copy, attempt);
  const { bytes } = call.kept;
  const chunked = call.head.framing === Framing.CHUNKED;
  if (chunked) appendChunk(copy, bytes, 0, bytes.length);
  else append(copy, bytes, 0, bytes.length);
  if (chunked) appendFinalChunk(copy, call.requestTrailers);
  const pool = http1Pool(host, cluster, clock);
  const exchange = new MirrorExchange(call.head.method, copy.bytes, pool);
  exchange.timer = clock.after(MIRROR_TIMEOUT_MS, () => exchange.abort());
  pool.acquire(exchange);
}

/** The request was copied: the caller's connection is reading the next one already. */
class MirrorExchange implements Exchange {
  readonly method: string;
  readonly upgrade = false;
  waiting = false;
  timer: Timer | undefined;
  private readonly request: Buffer;
  private readonly pool: Http1Pool;
  private connection: ClientConnection | undefined;

  constructor(method: string, request: Buffer, pool: Http1Pool) {
    this.method = method;
    this.request = request;
    this.pool = pool;
  }

  abort(): void {
    if (this.waiting) this.pool.cancel(this);
    this.connection?.abandon(this);
  }

  onConnection(connection: ClientConnection): void {
    this.connection = connection;
    append(connection.output, this.request, 0, this.request.length);
    connection.endRequest();
  }

  onEnd(): void {
    this.timer?.cancel();
  }

  onBroken(): void {
    this.timer?.cancel();
  }

  onInterim(): void {
    // Dropped, as the rest of the answer.
  }

  onHead(): void {
    // Dropped.
  }

  onBody(): void {
    // Dropped.
  }

  onWritable(): void {
    // All of the request is in the output already.
  }
}
