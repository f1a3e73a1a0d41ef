import { backoffMs, type Logger, type Timer } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { XdsConfig } from "../model/mesh.ts";
import { ManagementStream } from "./management-server.ts";

const backOff = { initialMs: 500, maxMs: 30_000 };

/** Options of {@link Connection}. */
export interface ConnectionOptions {
  readonly config: Pick<XdsConfig, "servers" | "tls">;
  readonly clock: MeshClock;
  readonly logger: Logger;
  /** A stream is open. */
  readonly onOpen: (stream: ManagementStream) => void;
  readonly onResponse: (stream: ManagementStream, bytes: Uint8Array) => void;
}

/**
 * Keeps one stream to one of the management servers. They are tried in order; when all have failed, after a pause that
 * grows. A stream that has brought something and then ends is replaced at once, from the first server on.
 */
export class Connection {
  private readonly options: ConnectionOptions;
  private stream: ManagementStream | undefined;
  private isOpen = false;
  private productive = false;
  private next = 0;
  private rounds = 0;
  private timer: Timer | undefined;
  private closed = false;
  /** Why there is no stream; undefined while there is one. */
  problem: string | undefined = "not connected yet";

  constructor(options: ConnectionOptions) {
    this.options = options;
  }

  /** The server in use; undefined: none is. */
  get server(): string | undefined {
    return this.isOpen ? this.stream?.server : undefined;
  }

  /** The open stream. */
  get current(): ManagementStream | undefined {
    return this.isOpen ? this.stream : undefined;
  }

  start(): void {
    if (this.closed) return;
    const { config, onResponse } = this.options;
    const server = config.servers[this.next];
    if (server === undefined) return;
    try {
      this.stream = new ManagementStream(server, config.tls, {
        onOpen: (stream) => this.opened(stream),
        onResponse: (stream, bytes) => {
          this.productive = true;
          onResponse(stream, bytes);
        },
        onEnd: (stream, reason) => this.ended(stream.server, reason),
      });
    } catch (error) {
      // A certificate that is not there: it may come.
      this.ended(server, error instanceof Error ? error.message : String(error));
    }
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.stream?.close();
  }

  private opened(stream: ManagementStream): void {
    this.isOpen = true;
    this.problem = undefined;
    const { server } = stream;
    this.options.logger.info({ server }, "connected to the xDS server");
    this.options.onOpen(stream);
  }

  private ended(server: string, reason: string): void {
    const worked = this.productive;
    this.stream = undefined;
    this.isOpen = false;
    this.productive = false;
    this.problem = `${server}: ${reason}`;
    if (this.closed) return;
    this.next = worked ? 0 : (this.next + 1) % this.options.config.servers.length;
    // A server that says something each time and then hangs up is asked twice a second at most.
    this.rounds = worked ? 1 : this.rounds + (this.next === 0 ? 1 : 0);
    const waitMs = this.next === 0 ? backoffMs(Math.max(1, this.rounds), backOff) : 0;
    const text = "the xDS stream ended, everything stays as it is; trying again";
    this.options.logger.warn({ server, reason, waitMs: Math.round(waitMs) }, text);
    this.timer = this.options.clock.after(waitMs, () => this.start());
  }
}
