import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Extension,
  type ProcessRequest,
  type ProcessResponseSchema,
} from "@layotto/proto/sidecar/v1/extension";
import { deferred, implement, type ServiceImplementation } from "@layotto/sidecar-kit";

type Answer = MessageInitShape<typeof ProcessResponseSchema>;

/** What a function makes of a phase; a promise that never settles is one that hangs. */
export type FakeFunction = (phase: ProcessRequest) => Answer | Promise<Answer>;

/** `sidecar.v1.Extension` with functions in JavaScript, and a record of what it was asked. */
export class FakeExtension {
  readonly phases: ProcessRequest[] = [];
  /** Streams that were opened. */
  opened = 0;
  /** Streams whose caller has gone. */
  cancelled = 0;
  readonly service: ServiceImplementation;

  constructor(functions: Readonly<Record<string, FakeFunction>>) {
    this.service = implement(Extension, {
      process: (requests, call) => this.#run(functions, requests, call.signal),
    });
  }

  async *#run(
    functions: Readonly<Record<string, FakeFunction>>,
    requests: AsyncIterable<ProcessRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<Answer> {
    const gone = deferred<never>();
    gone.promise.catch(() => {});
    signal.addEventListener("abort", () => {
      this.cancelled += 1;
      gone.reject(signal.reason);
    });
    this.opened += 1;
    let run: FakeFunction | undefined;
    for await (const phase of requests) {
      this.phases.push(phase);
      run ??= functions[phase.function];
      if (run === undefined) throw new Error(`no function "${phase.function}"`);
      yield await Promise.race([run(phase), gone.promise]);
    }
  }
}

/** Values of a header in a flat list. */
export function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name);
}
