import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus } from "../model/host-calls.ts";
import type { Report } from "../worker/protocol.ts";
import { GuestSlot } from "./guest-slot.ts";
import type { RunningVersion } from "./running-version.ts";
import type { WorkerThread } from "./worker-thread.ts";

const noMetadata: Readonly<Record<string, string>> = {};

/** Brings what guests ask for to the host, with the deadline and depth of the call that they are in. */
export class Asking {
  readonly #host: GuestHost;
  readonly #find: (version: number) => RunningVersion | undefined;

  /** @param find a version by its number */
  constructor(host: GuestHost, find: (version: number) => RunningVersion | undefined) {
    this.#host = host;
    this.#find = find;
  }

  ask(thread: WorkerThread, report: Extract<Report, { t: "call" }>): void {
    const { n, id, call, guest, memoryBytes } = report;
    const slot = thread.slots.get(guest);
    if (memoryBytes !== undefined) slot?.hold(memoryBytes);
    const version = slot?.version ?? this.#find(report.version);
    if (version === undefined) {
      return thread.answer(id, { status: WasmStatus.INTERNAL_FAILURE, value: new Uint8Array(0), extra: 0 }); // prettier-ignore
    }
    const activation = thread.pending.get(n);
    const opening = activation?.stream?.opening;
    const caller = slot ?? starting(version, thread);
    // It will be told of items, and of answers: nobody calls it meanwhile.
    if (call.op === "register_queue") caller.resident = true;
    else if (call.op.endsWith("_call") || call.op === "grpc_stream") caller.expects = true;
    const { deadline = thread.starting.get(n)?.deadline } = activation ?? {};
    caller.deadline = deadline ?? performance.now() + version.definition.limits.timeoutMs; // prettier-ignore
    caller.depth = opening?.depth ?? 0;
    caller.metadata = opening?.metadata ?? noMetadata;
    thread.asked++;
    this.#host.handle(caller, call, (answer) => {
      thread.asked--;
      thread.answer(id, answer);
      // Nobody would hear what else comes of it.
      if (slot === undefined) this.#host.release(caller);
    });
  }
}

/** A guest that is started ahead of its call and has no number yet: it gets answers, events find nobody. */
function starting(version: RunningVersion, thread: WorkerThread): GuestSlot {
  return new GuestSlot(0, version, thread, { single: true, now: performance.now(), onEvent: () => {} }); // prettier-ignore
}
