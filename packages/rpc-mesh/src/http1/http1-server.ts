import type { Socket } from "node:net";
import type { ListenerScope } from "../listener/scope.ts";
import { defaultLimits, type Http1Limits } from "./limits.ts";
import { ServerConnection, type ConnectionKeeper } from "./server-connection.ts";
import { Sweeper } from "./sweeper.ts";

/** The transparent proxy for HTTP/1.1: serves the connections of one listener. */
export class Http1Server implements ConnectionKeeper {
  readonly scope: ListenerScope;
  readonly limits: Http1Limits;
  readonly onFault = (error: unknown): void => {
    this.scope.mesh.logger.error({ err: error }, "cannot handle a message of HTTP/1.1");
  };
  private readonly open = new Set<ServerConnection>();
  private readonly sweeper: Sweeper;
  private onEmpty: (() => void) | undefined;

  constructor(scope: ListenerScope, limits: Http1Limits = defaultLimits) {
    this.scope = scope;
    this.limits = limits;
    this.sweeper = new Sweeper(scope.mesh.clock);
  }

  /** Open connections. */
  get connections(): number {
    return this.open.size;
  }

  /** Serves a connection. @param received bytes that were read already, to tell the protocol */
  accept(socket: Socket, received?: Buffer): void {
    const connection = new ServerConnection(socket, this, received);
    this.open.add(connection);
    this.sweeper.add(connection);
  }

  /** Closes idle connections, the others with their next answer. Resolves when all are closed, after `graceMs` by force. */
  async drain(graceMs: number): Promise<void> {
    for (const connection of [...this.open]) connection.drain();
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.scope.mesh.clock.after(graceMs, resolve);
      this.onEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
    await this.close();
  }

  /** Closes all connections at once. */
  close(): Promise<void> {
    for (const connection of [...this.open]) connection.destroy();
    return Promise.resolve();
  }

  onClosed(connection: ServerConnection): void {
    this.open.delete(connection);
    this.sweeper.delete(connection);
    if (this.open.size === 0) this.onEmpty?.();
  }
}
