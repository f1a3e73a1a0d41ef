import type { Metadata } from "@layotto/grpc-transport";
import type { Clock } from "@layotto/sidecar-kit";
import { type HostAnswer, WasmStatus } from "../model/host-calls.ts";
import type { FlatHeaders } from "../model/streams.ts";
import { accepted, failed, refused, withNumber } from "./answers.ts";
import { type CallOutBook, CallOuts } from "./call-outs.ts";
import type { Destination, Destinations } from "./destinations.ts";
import { type GrpcCallOut, type GrpcCallSink, streamCallOut, unaryCallOut } from "./grpc-call.ts";
import type { GrpcClients, LentClient } from "./grpc-clients.ts";
import { readMetadata } from "./grpc-metadata.ts";
import { busyAbove, type HostCaller, type HostHandlers } from "./host-caller.ts";

interface GrpcCallOutsOptions {
  readonly destinations: Destinations;
  readonly book: CallOutBook;
  readonly clients: GrpcClients;
  readonly clock: Clock;
}

/** How long a busy guest is left alone, ms. */
const BUSY_MS = 10;

type GrpcOps = "grpc_call" | "grpc_stream" | "grpc_send" | "grpc_cancel" | "grpc_close";
type Opening = "grpc_call" | "grpc_stream";

/** What a call-out begins with, checked. */
interface Prepared {
  readonly destination: Destination;
  readonly path: string;
  readonly metadata: Metadata;
}

/** gRPC call-outs of guests: an upstream that is unknown or not granted is PARSE_FAILURE, as the ABI has it. */
export class GrpcCallOuts {
  readonly #options: GrpcCallOutsOptions;
  readonly #calls: CallOuts<GrpcCallOut>;

  constructor(options: GrpcCallOutsOptions) {
    this.#options = options;
    this.#calls = new CallOuts(options.book);
  }

  /** Host calls. */
  handlers(): HostHandlers<GrpcOps> {
    return {
      grpc_call: (caller, [upstream, service, method, metadata, message, timeout], answer) => {
        const timeoutMs = this.#options.book.timeoutMs(timeout);
        const prepared = this.#prepare(caller, "grpc_call", upstream, [service, method], metadata);
        const begun = this.#begin(caller, prepared, ({ client }, { path, metadata: sent }, sink) =>
          unaryCallOut(client, { path, message, options: { timeoutMs, metadata: sent } }, sink),
        );
        answer(begun);
      },
      grpc_stream: (caller, [upstream, service, method, metadata], answer) => {
        const maxUnsentBytes = caller.version.definition.limits.bodyBytes;
        const prepared = this.#prepare(
          caller,
          "grpc_stream",
          upstream,
          [service, method],
          metadata,
        );
        const begun = this.#begin(caller, prepared, ({ client }, { path, metadata: sent }, sink) =>
          streamCallOut(client, { path, options: { metadata: sent }, maxUnsentBytes }, sink),
        );
        answer(begun);
      },
      grpc_send: (caller, [id, message, end], answer) => {
        const call = this.#calls.find(caller, id);
        if (call === undefined) return answer(refused(WasmStatus.NOT_FOUND));
        if (call.unary) return answer(refused(WasmStatus.BAD_ARGUMENT));
        answer(call.send(message, end) ? accepted : failed);
      },
      grpc_cancel: (caller, [id], answer) => answer(this.#end(caller, id, "cancel")),
      grpc_close: (caller, [id], answer) => answer(this.#end(caller, id, "finish")),
    };
  }

  release(caller: HostCaller): void {
    this.#calls.release(caller);
  }

  close(): void {
    this.#calls.close();
  }

  #prepare(
    caller: HostCaller,
    op: Opening,
    upstream: string,
    names: readonly [service: string, method: string],
    headers: FlatHeaders,
  ): Prepared | WasmStatus {
    const destination = this.#options.destinations.find(caller, upstream, op);
    if (destination === undefined) return WasmStatus.PARSE_FAILURE;
    const metadata = readMetadata(headers);
    if (metadata === undefined || !names.every((name) => /^[\w.-]+$/.test(name)))
      return WasmStatus.BAD_ARGUMENT;
    return { destination, path: `/${names[0]}/${names[1]}`, metadata };
  }

  #begin(
    caller: HostCaller,
    prepared: Prepared | WasmStatus,
    open: (lent: LentClient, prepared: Prepared, sink: GrpcCallSink) => GrpcCallOut,
  ): HostAnswer {
    if (typeof prepared === "number") return refused(prepared);
    const lent = this.#options.clients.lend(prepared.destination);
    if (lent === undefined) return failed;
    const id = this.#calls.begin(caller, (call, over) => {
      const end = (): void => {
        lent.done();
        over();
      };
      return open(lent, prepared, {
        id: call,
        deliver: (event) => caller.deliver(event),
        ready: () => this.#ready(caller),
        over: end,
      });
    });
    if (id !== undefined) return withNumber(id);
    lent.done();
    return failed;
  }

  /** A server that sends faster than the guest reads is not read from meanwhile. */
  async #ready(caller: HostCaller): Promise<void> {
    while (caller.pending >= busyAbove)
      await new Promise<void>((resolve) => void this.#options.clock.after(BUSY_MS, resolve));
  }

  #end(caller: HostCaller, id: number, how: "cancel" | "finish"): HostAnswer {
    const call = this.#calls.find(caller, id);
    if (call === undefined) return refused(WasmStatus.NOT_FOUND);
    call[how]();
    return accepted;
  }
}
