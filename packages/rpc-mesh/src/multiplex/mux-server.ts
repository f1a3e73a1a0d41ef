import type { Socket } from "node:net";
import type { ProtocolServer } from "../listener/mesh-listener.ts";
import type { ListenerScope } from "../listener/scope.ts";
import { CallerConnection, type CallerProtocol } from "./caller-connection.ts";
import { muxLimits, type MuxLimits } from "./limits.ts";
import type { Frame, Wire } from "./wire.ts";

/** Serves callers of one multiplexed protocol on one listener. */
export class MuxServer<F extends Frame> implements ProtocolServer {
  private readonly wire: Wire<F>;
  private readonly protocol: CallerProtocol<F>;
  private readonly scope: ListenerScope;
  private readonly all = new Set<CallerConnection<F>>();
  private readonly onClose = (connection: CallerConnection<F>): void => this.remove(connection);
  private readonly limits: MuxLimits;
  private whenEmpty: (() => void) | undefined;

  constructor(
    wire: Wire<F>,
    protocol: CallerProtocol<F>,
    scope: ListenerScope,
    limits: MuxLimits = muxLimits,
  ) {
    this.wire = wire;
    this.protocol = protocol;
    this.scope = scope;
    this.limits = limits;
  }

  /** Open connections. */
  get connections(): number {
    return this.all.size;
  }

  /** Calls under way. */
  get active(): number {
    let sum = 0;
    for (const { active } of this.all) sum += active;
    return sum;
  }

  accept(socket: Socket, received: Buffer | undefined): void {
    const connection = new CallerConnection(
      socket,
      this.wire,
      this.protocol,
      this.scope,
      this.onClose,
      this.limits,
    );
    this.all.add(connection);
    connection.start(received);
  }

  drain(graceMs: number): Promise<void> {
    if (this.all.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const { clock } = this.scope.mesh;
      const halfTime = clock.after(graceMs / 2, () => this.stopReading());
      const end = clock.after(graceMs, () => this.destroyAll());
      this.whenEmpty = () => {
        halfTime.cancel();
        end.cancel();
        resolve();
      };
      for (const connection of [...this.all]) connection.drain();
    });
  }

  close(): Promise<void> {
    this.destroyAll();
    return Promise.resolve();
  }

  private stopReading(): void {
    for (const connection of [...this.all]) connection.stopReading();
  }

  private destroyAll(): void {
    for (const connection of [...this.all]) connection.destroy();
  }

  private remove(connection: CallerConnection<F>): void {
    this.all.delete(connection);
    if (this.all.size === 0) this.whenEmpty?.();
  }
}
