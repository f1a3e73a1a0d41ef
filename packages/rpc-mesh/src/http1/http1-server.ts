import type { Socket } from "node:net";
import { defaultLimits, OpenConnections, type Drainable, type Http1Limits } from "@layotto/http1";
import type { MeshClock } from "../clock.ts";
import type { ListenerScope } from "../listener/scope.ts";
import { BodyBudget } from "./filters/body-budget.ts";
import { ServerConnection, type ServerConnectionKeeper } from "./server-connection.ts";

/** The transparent proxy for HTTP/1.1: serves the connections of one listener. */
export class Http1Server implements ServerConnectionKeeper {
  readonly scope: ListenerScope;
  readonly limits: Http1Limits;
  readonly idleTimeoutMs: number;
  readonly clock: MeshClock;
  readonly budget = new BodyBudget();
  readonly onFault = (error: unknown): void => {
    this.scope.mesh.logger.error({ err: error }, "cannot handle a message of HTTP/1.1");
  };
  private readonly open: OpenConnections;

  constructor(scope: ListenerScope, limits: Http1Limits = defaultLimits) {
    this.scope = scope;
    this.limits = limits;
    this.idleTimeoutMs = scope.config.limits.idleTimeoutMs;
    this.clock = scope.mesh.clock;
    this.open = new OpenConnections(this.clock);
  }

  /** Open connections. */
  get connections(): number {
    return this.open.size;
  }

  /** Serves a connection. @param received bytes that were read already, to tell the protocol */
  accept(socket: Socket, received?: Buffer): void {
    this.open.add(new ServerConnection(socket, this, received));
  }

  /** Closes idle connections, the others with their next answer. Resolves when all are closed, after `graceMs` by force. */
  drain(graceMs: number): Promise<void> {
    return this.open.drain(graceMs);
  }

  /** Closes all connections at once. */
  close(): Promise<void> {
    this.open.close();
    return Promise.resolve();
  }

  onClosed(connection: Drainable): void {
    this.open.delete(connection);
  }

  onMalformed(): void {
    this.scope.malformed++;
  }
}
