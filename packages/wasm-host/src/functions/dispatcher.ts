import type { CallOptions, Engine, EngineStream, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { StreamInput } from "../model/streams.ts";
import type { Choice } from "./choice.ts";
import type { CallTarget } from "./directory.ts";
import { endedStream, FunctionCall, type CallWatcher, type PassingFault } from "./function-call.ts";
import type { FunctionVersion } from "./function-version.ts";

/** Chooses the version that a call goes to, and knows how many calls are open. */
export class Dispatcher implements CallWatcher {
  private readonly engine: Engine;
  private readonly random: () => number;
  private active = 0;
  private waiting: (() => void)[] = [];

  constructor(engine: Engine, random: () => number) {
    this.engine = engine;
    this.random = random;
  }

  /** Calls and streams that are open. */
  get openCalls(): number {
    return this.active;
  }

  /** Resolves when no call is open. */
  idle(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Opens a call. What is wrong comes as an output, perhaps before this returns. */
  open(
    target: CallTarget,
    input: StreamInput,
    sink: StreamSink,
    options?: CallOptions,
  ): EngineStream {
    const { choice } = target;
    if (choice === undefined) return refuse(sink, nothingWorks(target));
    const version = this.choose(choice);
    if (version === undefined) return refuse(sink, resting(choice, target));
    const call = new FunctionCall(version, sink, this);
    this.active++;
    return call.opened(this.engine.open(version.loaded, input, call, options));
  }

  onCallEnd(): void {
    this.active--;
    if (this.active > 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** One by weight; while that rests, another. */
  private choose(choice: Choice<FunctionVersion>): FunctionVersion | undefined {
    const picked = choice.pick(this.random);
    if (picked.backOff.admits()) return picked;
    const other = choice.targets.find((each) => each !== picked && each.backOff.admits());
    if (other === undefined) picked.of.rested++;
    return other;
  }
}

function refuse(sink: StreamSink, fault: GuestFault): EngineStream {
  sink.onOutput({ stream: 0, outcome: "failed", fault });
  return endedStream;
}

function nothingWorks({ name }: CallTarget): GuestFault {
  const cure = "GET /wasm/list says what is wrong with it";
  return { kind: "start", message: `function "${name}" has no version that works; ${cure}` };
}

function resting({ targets }: Choice<FunctionVersion>, { name }: CallTarget): PassingFault {
  const retryAfterMs = Math.min(...targets.map(({ backOff }) => backOff.restLeftMs));
  const message = `function "${name}" has crashed too often and rests; try again later`;
  return { kind: "back-off", message, retryAfterMs };
}
