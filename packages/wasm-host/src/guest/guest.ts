import { GuestScope } from "../abi/guest-scope.ts";
import type { GuestFault } from "../model/fault.ts";
import type { GuestSpec } from "../model/guest-spec.ts";
import type { GuestEvent } from "../model/host-calls.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "../model/streams.ts";
import type { GuestEnvironment } from "./environment.ts";
import { tell } from "./events.ts";
import { Exchanges } from "./exchanges.ts";
import { faultOfGuest, GuestFailure } from "./failure.ts";
import { GuestInstance } from "./instance.ts";
import { startUp } from "./startup.ts";
import type { Steps } from "./steps.ts";

/**
 * One instance of a module that speaks proxy-wasm. Its methods are activations: one at a time, each to its end. What
 * comes out of guest code as an exception ends the guest: `fault` is set and its open streams have failed.
 */
export class Guest {
  readonly #scope: GuestScope;
  readonly #instance: GuestInstance;
  readonly #exchanges: Exchanges;
  #id = "";
  #fault: GuestFault | undefined;
  #busy = false;
  #fuelUsed = 0;

  private constructor(scope: GuestScope, instance: GuestInstance) {
    this.#scope = scope;
    this.#instance = instance;
    this.#exchanges = new Exchanges(scope, instance);
  }

  /**
   * Makes an instance and starts it.
   *
   * @throws GuestFailure it trapped, exited, or refused its configuration
   */
  static *start(
    module: WebAssembly.Module,
    spec: GuestSpec,
    environment: GuestEnvironment,
  ): Steps<Guest> {
    const scope = new GuestScope(spec, environment);
    const guest = new Guest(scope, instantiate(module, scope));
    scope.ready = true;
    yield* guest.#activate(guest.#start());
    if (guest.#fault !== undefined) throw new GuestFailure(guest.#fault);
    return guest;
  }

  /** What the guest says it is by proxy_get_id; "": it says nothing. */
  get id(): string {
    return this.#id;
  }

  /** Period of the tick events that it wants, ms; 0: none. */
  get tickMs(): number {
    return this.#scope.tickMs;
  }

  /** Its linear memory, octets. */
  get memoryBytes(): number {
    return this.#scope.memory.size;
  }

  /** Exchanges that have not ended; those that only wait for proxy_done are not among them. */
  get openStreams(): number {
    return this.#exchanges.size;
  }

  /** Why it is dead. */
  get fault(): GuestFault | undefined {
    return this.#fault;
  }

  /** Instructions of the last activation; 0 unless they are counted. */
  get fuelUsed(): number {
    return this.#fuelUsed;
  }

  /** A new exchange: the first phase, and in mode `function` everything to the end, unless it pauses. */
  *open(stream: number, input: StreamInput): Steps<void> {
    const { streams } = this.#scope.spec;
    if (this.#fault !== undefined) return this.#exchanges.reject(stream, this.#fault);
    if (this.#exchanges.size >= streams) {
      const message = `${streams} streams are open: more are not taken`;
      return this.#exchanges.reject(stream, { kind: "overload", message });
    }
    yield* this.#activate(this.#exchanges.open(stream, input));
  } // prettier-ignore

  /** The next phase of a filter's exchange. */
  *resume(stream: number, input: PhaseInput): Steps<void> {
    yield* this.#activate(this.#exchanges.resume(stream, input));
  }

  /** Ends an exchange, wherever it is. */
  *close(stream: number): Steps<void> {
    yield* this.#activate(this.#exchanges.close(stream));
  }

  *event(event: GuestEvent): Steps<void> {
    yield* this.#activate(tell(event, this.#scope, this.#instance));
  }

  /** What came of phases that have ended since it was last asked. */
  takeOutputs(): StreamOutput[] {
    return this.#exchanges.takeOutputs();
  }

  *#start(): Steps<void> {
    this.#id = yield* startUp(this.#scope, this.#instance);
  }

  /** One activation: the steps, then whatever they let go on. */
  *#activate(steps: Steps<void>): Steps<void> {
    if (this.#busy) throw new Error("the guest is entered while it runs or is suspended");
    if (this.#fault !== undefined) return;
    const scope = this.#scope;
    this.#busy = true;
    this.#instance.refuel(scope.spec.fuel);
    try {
      yield* steps;
      if (scope.woken.size > 0) yield* this.#exchanges.settle();
      // It may have caught what ended it.
      if (scope.ended !== undefined) throw scope.ended;
    } catch (error) {
      this.#die(error);
    } finally {
      this.#busy = false;
      this.#after();
    }
  }

  #after(): void {
    const scope = this.#scope;
    const { fuel } = scope.spec;
    this.#fuelUsed = fuel === 0 ? 0 : fuel - Math.max(0, this.#instance.fuelLeft);
    scope.context = undefined;
    scope.log.flush();
  }

  #die(error: unknown): void {
    const { where, fuelLeft } = this.#instance;
    const empty = this.#scope.spec.fuel > 0 && fuelLeft < 0;
    this.#fault = faultOfGuest(this.#scope.ended ?? error, where, empty);
    this.#exchanges.fail(this.#fault);
  }
}

function instantiate(module: WebAssembly.Module, scope: GuestScope): GuestInstance {
  try {
    return new GuestInstance(module, scope);
  } catch (error) {
    scope.log.flush();
    throw new GuestFailure(faultOfStart(scope.ended ?? error), { cause: error });
  }
}

/** The start function ran and failed, or there is no instance at all. */
function faultOfStart(error: unknown): GuestFault {
  const message = error instanceof Error ? error.message : String(error);
  const atLink = /^(?:WebAssembly\.Instance\(\)|import)/u.test(message);
  if (!atLink) return faultOfGuest(error, "the start function", false);
  return { kind: "start", message: `cannot be instantiated: ${message}` };
}
