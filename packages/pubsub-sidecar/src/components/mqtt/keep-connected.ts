import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs, type Logger } from "@layotto/sidecar-kit";
import type { Connection, Gone } from "./connection.ts";

/** What {@link keepConnected} keeps. */
export interface Kept {
  /** What the connection is for, for the log. */
  readonly what: string;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly signal: AbortSignal;
  connect(): Promise<Connection>;
  up(connection: Connection): void;
  /** The connection is gone. @returns whether that was wanted: then the next one is opened without pause or warning */
  down(gone: Gone): boolean;
}

/** A connection that lasted for less counts as a failed attempt. */
const LASTING_MS = 5000;

/**
 * Opens a connection whenever the last one is gone, for ever, with back-off, until `signal` is aborted.
 *
 * @param first a connection that is there already
 */
export async function keepConnected(kept: Kept, first: Connection): Promise<void> {
  const { what, logger, signal } = kept;
  let next: Connection | undefined = first;
  let attempt = 0;
  let warned = false;
  const trouble = (reason: string): void => {
    if (!warned) logger.warn({ reason }, `${what} has trouble`);
    warned = true;
  };
  while (!signal.aborted) {
    try {
      const connection: Connection = next ?? (await kept.connect());
      next = undefined;
      if (isAborted(signal)) return connection.destroy();
      if (warned) logger.info(`${what} is there again`);
      warned = false;
      const sinceMs = performance.now();
      kept.up(connection);
      const gone = await connection.gone;
      if (kept.down(gone)) attempt = 0;
      else if (!isAborted(signal)) {
        trouble(gone.reason);
        attempt = performance.now() - sinceMs < LASTING_MS ? attempt + 1 : 1;
      }
    } catch (error) {
      if (!isAborted(signal)) trouble(error instanceof Error ? error.message : String(error));
      attempt++;
    }
    if (attempt > 0) await pause(attempt, signal);
  }
}

async function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = backoffMs(attempt, { initialMs: 50, maxMs: 5000 });
  // Rejects only when the signal is aborted, which the caller asks for itself.
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/** A function, because the compiler does not know that it changes. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
