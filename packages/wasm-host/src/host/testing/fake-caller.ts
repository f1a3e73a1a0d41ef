import { defaultLimits, type FunctionDefinition } from "../../model/definition.ts";
import { type Capabilities, noCapabilities } from "../../model/capabilities.ts";
import type {
  GuestEvent,
  HostAnswer,
  HostCall,
  HostCalls,
  HostOp,
} from "../../model/host-calls.ts";
import type { HostCaller, HostServices } from "../host-services.ts";

/** An instance that a test plays. */
export interface FakeCaller extends HostCaller {
  deadline: number;
  depth: number;
  pending: number;
  metadata: Readonly<Record<string, string>>;
  readonly events: GuestEvent[];
  /** Resolves with the next event that was not taken yet. */
  next(): Promise<GuestEvent>;
}

/** Creates a {@link FakeCaller}: of function "shop" unless the definition says more. */
export function fakeCaller(
  capabilities: Partial<Capabilities> = {},
  definition: Partial<FunctionDefinition> = {},
): FakeCaller {
  const events: GuestEvent[] = [];
  const waiters: ((event: GuestEvent) => void)[] = [];
  let taken = 0;
  return {
    version: {
      definition: { ...plain, ...definition, capabilities: { ...noCapabilities, ...capabilities } },
    },
    deadline: performance.now() + 10_000,
    depth: 0,
    pending: 0,
    metadata: {},
    events,
    deliver(event) {
      events.push(event);
      const waiter = waiters.shift();
      if (waiter === undefined) return;
      taken += 1;
      waiter(event);
    },
    next() {
      const event = events[taken];
      if (event === undefined) return new Promise((resolve) => waiters.push(resolve));
      taken += 1;
      return Promise.resolve(event);
    },
  };
}

const plain: FunctionDefinition = {
  name: "shop",
  adapter: "proxy-wasm",
  instances: 1,
  isolation: "pooled",
  recycling: { calls: 0, memoryBytes: 0 },
  limits: defaultLimits,
  capabilities: noCapabilities,
  rootContextId: 1,
  vmConfig: new Uint8Array(0),
  pluginConfig: new Uint8Array(0),
  environment: {},
};

/** Makes one host call. */
export function ask<Op extends HostOp>(
  services: Pick<HostServices, "handle">,
  caller: HostCaller,
  op: Op,
  ...args: HostCalls[Op]
): Promise<HostAnswer> {
  return new Promise((resolve, reject) => {
    let answered = false;
    // The pair fits by the signature of this function.
    services.handle(caller, { op, args } as unknown as HostCall, (answer) => {
      if (answered) return reject(new Error(`"${op}" was answered twice`));
      answered = true;
      resolve(answer);
    });
  });
}

/** The value of an answer as text. */
export function textOf(answer: HostAnswer): string {
  return Buffer.from(answer.value).toString();
}
