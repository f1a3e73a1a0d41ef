import type { FlatHeaders, StreamInput, StreamOutput } from "../../model/streams.ts";
import type { GuestSpec } from "../../model/guest-spec.ts";
import type { HostAnswer, HostCall } from "../../model/host-calls.ts";
import type { GuestEnvironment } from "../environment.ts";
import { Guest } from "../guest.ts";
import { runSteps, type Steps } from "../steps.ts";

export type HostMode = "blocking" | "suspending";

/** Both ways of asking the main thread, with why one has to be skipped. */
export const hostModes: readonly (readonly [mode: HostMode, skip: string | false])[] = [
  ["blocking", false],
  [
    "suspending",
    WebAssembly.Suspending === undefined && `Node ${process.versions.node} has no JSPI`,
  ],
];

/** What a probe reports, and what it asks. */
export class FakeHost implements GuestEnvironment {
  readonly calls: HostCall[] = [];
  readonly lines: { readonly level: number; readonly text: string }[] = [];
  readonly callAsync: GuestEnvironment["callAsync"];
  logLevel = 0;
  answer: (call: HostCall) => Partial<HostAnswer> = () => ({});

  constructor(mode: HostMode = "blocking") {
    this.callAsync =
      mode === "blocking"
        ? undefined
        : async (call) => {
            await new Promise((resolve) => setImmediate(resolve));
            return this.call(call);
          };
  }

  call(call: HostCall): HostAnswer {
    this.calls.push(call);
    return { status: 0, value: new Uint8Array(0), extra: 0, ...this.answer(call) };
  }

  log(level: number, text: string): void {
    this.lines.push({ level, text });
  }

  /** Reports since the last time. */
  reports(): string[] {
    return this.lines.splice(0).filter(({ level }) => level === 5).map(({ text }) => text); // prettier-ignore
  }
}

export const plainSpec: GuestSpec = {
  version: 1,
  name: "probe",
  rootContextId: 1,
  vmConfig: Buffer.from("vm"),
  pluginConfig: Buffer.from("plugin"),
  environment: {},
  isolation: "pooled",
  recycling: { calls: 0, memoryBytes: 0 },
  hostFunctions: undefined,
  memoryBytes: 1024 * 1024,
  tableElements: 1000,
  bodyBytes: 100_000,
  streams: 4,
  fuel: 0,
};

/** Starts a guest. @throws GuestFailure */
export async function startGuest(
  module: WebAssembly.Module,
  host: GuestEnvironment,
  spec: Partial<GuestSpec> = {},
): Promise<Guest> {
  return runSteps(Guest.start(module, { ...plainSpec, ...spec }, host));
}

/** Runs an activation to its end. @returns the outputs that it made */
export async function activate(guest: Guest, steps: Steps<void>): Promise<StreamOutput[]> {
  await runSteps(steps);
  return guest.takeOutputs();
}

/** A request; a text is its body. */
export function request(
  options: {
    mode?: StreamInput["mode"];
    phase?: StreamInput["phase"];
    headers?: FlatHeaders;
    body?: string;
    trailers?: FlatHeaders;
    bodyFollows?: boolean;
    properties?: readonly string[];
  } = {},
): StreamInput {
  const { mode = "filter", phase = "request", headers = [":path", "/a?b=c", "x-one", "1"], body, trailers, bodyFollows = false, properties = [] } = options; // prettier-ignore
  return {
    mode,
    phase,
    headers,
    body: body === undefined ? undefined : new Uint8Array(Buffer.from(body)),
    trailers,
    bodyFollows,
    properties,
  };
}
