import { listenHttp1, WholeServer, type Http1Listener } from "@layotto/http1";
import type { Logger, ProcessContext } from "@layotto/sidecar-kit";
import { nameListeners } from "@layotto/sidecar-kit/process";
import type { AdminSettings, ListenerSettings, WasmSettings } from "../config/settings.ts";
import { ownAnswer as ownAdminAnswer } from "../admin/admin-answers.ts";
import { MAX_ORDER_BYTES, type AdminServer } from "../admin/admin-server.ts";
import { ownAnswer } from "./fault-answer.ts";
import type { FunctionServer } from "./function-server.ts";

/** Bodies that listeners gather at least; functions with larger limits raise it at the start. */
const LEAST_BODY_BYTES = 16 * 1024 * 1024;

/** Bodies of orders that are read at a time, octets. */
const BUFFERED_ORDERS_BYTES = 4 * MAX_ORDER_BYTES;

/** What listeners are opened with. */
export interface ListenersOptions {
  readonly settings: Pick<WasmSettings, "listeners" | "admin" | "functions">;
  readonly functions: FunctionServer;
  readonly admin: AdminServer;
  readonly logger: Logger;
  /** Listening sockets that the supervisor owns, by name. */
  readonly inherited: ProcessContext["listener"];
}

/** A listener and what it serves. */
interface Entry {
  readonly name: string;
  readonly address: string;
  /** Under which name the supervisor has its socket. */
  readonly handle: string | undefined;
  readonly server: WholeServer;
  listener: Http1Listener | undefined;
}

/** All listeners of the process: those for calls, and the one for orders. */
export class Listeners {
  private readonly entries: readonly Entry[];
  private readonly options: ListenersOptions;
  private isClosed = false;

  constructor(options: ListenersOptions) {
    this.options = options;
    const { settings } = options;
    const calls = callEntries(settings.listeners, this.callServer());
    this.entries =
      settings.admin === undefined ? calls : [...calls, this.adminEntry(settings.admin)];
  }

  /** Begins to listen. @throws StartError exit code 69 when an address is taken */
  async open(): Promise<void> {
    for (const entry of this.entries) {
      const { name, address, handle, server } = entry;
      if (this.isClosed) return;
      const inherited = handle === undefined ? undefined : this.options.inherited(handle);
      entry.listener = await listenHttp1({ address, handle: await inherited }, server);
      if (this.isClosed) return entry.listener.close();
      this.options.logger.info({ listener: name, address: entry.listener.address }, "listening");
    }
  }

  /** The listeners as they are now; addresses have their port once they listen. */
  all(): { name: string; address: string; connections: number }[] {
    return this.entries.map(({ name, address, server, listener }) => {
      return { name, address: listener?.address ?? address, connections: server.connections };
    });
  }

  /** Stops accepting; calls under way may end within `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.entries.map(async ({ listener }) => listener?.drain(graceMs)));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.entries.map(async ({ listener }) => listener?.close()));
  }

  private callServer(): () => WholeServer {
    const { functions, settings } = this.options;
    const limits = settings.functions.map(({ definition }) => definition.limits.bodyBytes);
    const maxBodyBytes = Math.max(LEAST_BODY_BYTES, ...limits);
    return () =>
      new WholeServer(functions.handler, {
        maxBodyBytes,
        refusal: ownAnswer,
        onFault: this.onFault,
      });
  }

  private adminEntry({ address }: AdminSettings): Entry {
    const [named] = nameListeners("wasm-admin", [address]);
    const server = new WholeServer(this.options.admin.handler, {
      maxBodyBytes: MAX_ORDER_BYTES,
      maxBufferedBytes: BUFFERED_ORDERS_BYTES,
      refusal: ownAdminAnswer,
      onFault: this.onFault,
    });
    return { name: "admin", address, handle: named?.name, server, listener: undefined };
  }

  private readonly onFault = (err: unknown): void => {
    this.options.logger.error({ err }, "cannot handle a request");
  };
}

function callEntries(listeners: readonly ListenerSettings[], server: () => WholeServer): Entry[] {
  const names = nameListeners("wasm", listeners.map(({ address }) => address)); // prettier-ignore
  return listeners.map(({ name, address }, index) => {
    return { name, address, handle: names[index]?.name, server: server(), listener: undefined };
  });
}
