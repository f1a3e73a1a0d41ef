import type { Output } from "@layotto/grpc-transport/socket";
import type { Attempt } from "../call/attempt.ts";
import type { Reason } from "../call/failure.ts";
import type { MuxConnection } from "./mux-connection.ts";
import type { Pending } from "./pending-table.ts";
import type { Frame } from "./wire.ts";

/** On whose behalf a request goes out. */
export interface ExchangeOwner<F extends Frame> {
  /** Writes the request under `exchange.id`; returns the octets. */
  write(exchange: Exchange<F>, output: Output): number;
  /** A one-way request has been written: all that will happen. */
  sent(exchange: Exchange<F>): void;
  /** The answer; the frame is valid until this returns. */
  answer(exchange: Exchange<F>, frame: F): void;
  /** There will be no answer. */
  lost(exchange: Exchange<F>, reason: Reason, detail: string): void;
}

/** One request on its way to one host. */
export class Exchange<F extends Frame> implements Pending {
  readonly owner: ExchangeOwner<F>;
  /** The engine's attempt; undefined for copies whose answer nobody wants. */
  readonly attempt: Attempt | undefined;
  readonly oneway: boolean;
  id = 0;
  /** Where it was written; undefined while it waits for a connection. */
  connection: MuxConnection<F> | undefined = undefined;
  /** Octets of the connection before it. */
  offset = 0;
  /** Nobody waits for it any more. */
  abandoned = false;

  constructor(owner: ExchangeOwner<F>, attempt: Attempt | undefined, oneway: boolean) {
    this.owner = owner;
    this.attempt = attempt;
    this.oneway = oneway;
  }

  /** Nobody wants the answer any more: it will be dropped when it comes. */
  abandon(): void {
    this.abandoned = true;
    this.connection?.forget(this);
  }
}
