import type { HostAnswer } from "../model/host-calls.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { GuestAbort, notNow } from "./ending.ts";
import type { GuestScope } from "./guest-scope.ts";
import type { AskingFunction, HostFunction, PlainFunction } from "./host-function.ts";
import { Refusal } from "./refusal.ts";

type Argument = number | bigint;
type Run = (scope: GuestScope, ...args: Argument[]) => number;

/** Makes a function that a guest can import of a host function. */
export function callable(fn: HostFunction, scope: GuestScope): Function {
  if (fn.kind === "plain") return plainCallable(fn, scope);
  const { callAsync } = scope.environment;
  // JSPI exists where the environment suspends.
  if (callAsync === undefined || WebAssembly.Suspending === undefined) return blocking(fn, scope);
  return new WebAssembly.Suspending(
    suspending(fn, scope, callAsync) as (...args: never[]) => Promise<unknown>,
  );
}

/** Most functions have few u32: those are called without making arrays. */
function plainCallable({ params, run }: PlainFunction, scope: GuestScope): Function {
  // The linker passes what the letters say.
  const call = run as unknown as Run;
  switch (params) {
    case "i":
      return (a: number) => guarded1(call, scope, a >>> 0);
    case "iii":
      return (a: number, b: number, c: number) => guarded3(call, scope, a >>> 0, b >>> 0, c >>> 0);
    case "iiiii":
      return (a: number, b: number, c: number, d: number, e: number) =>
        guarded5(call, scope, a >>> 0, b >>> 0, c >>> 0, d >>> 0, e >>> 0);
    default:
      return (...args: Argument[]) => guarded(() => call(scope, ...converted(params, args)), scope);
  }
}

function guarded1(call: Run, scope: GuestScope, a: number): number {
  try {
    return call(scope, a);
  } catch (error) {
    return statusOf(error, scope);
  }
}

function guarded3(call: Run, scope: GuestScope, a: number, b: number, c: number): number {
  try {
    return call(scope, a, b, c);
  } catch (error) {
    return statusOf(error, scope);
  }
}

function guarded5(call: Run, scope: GuestScope, a: number, b: number, c: number, d: number, e: number): number {
  try {
    return call(scope, a, b, c, d, e);
  } catch (error) {
    return statusOf(error, scope);
  }
} // prettier-ignore

function guarded(call: () => number, scope: GuestScope): number {
  try {
    return call();
  } catch (error) {
    return statusOf(error, scope);
  }
}

/** A refusal is an answer to the guest; anything else ends it, even when it can catch it. */
function statusOf(error: unknown, scope: GuestScope): number {
  if (error instanceof Refusal) return error.status;
  throw (scope.ended ??= error instanceof Error ? error : new Error(String(error)));
}

function blocking(fn: AskingFunction, scope: GuestScope): Function {
  return (...raw: Argument[]) =>
    guarded(() => {
      const args = converted(fn.params, raw);
      const call = asked(fn, scope, args);
      return typeof call === "number" ? call : told(fn, scope, args, scope.environment.call(call));
    }, scope);
}

/** Returns a promise only when the main thread is asked: with a status the guest goes on without being suspended. */
function suspending(
  fn: AskingFunction,
  scope: GuestScope,
  ask: NonNullable<GuestScope["environment"]["callAsync"]>,
) {
  return (...raw: Argument[]): number | Promise<number> => {
    const args = converted(fn.params, raw);
    let call;
    try {
      call = asked(fn, scope, args);
    } catch (error) {
      return statusOf(error, scope);
    }
    if (typeof call === "number") return call;
    return ask(call).then((answer) => guarded(() => told(fn, scope, args, answer), scope));
  };
}

function asked({ ask }: AskingFunction, scope: GuestScope, args: Argument[]) {
  // Where host calls suspend, these cannot, and the engine itself traps: so it is one behaviour everywhere.
  if (!scope.mayAsk) throw new GuestAbort(notNow);
  return (
    ask as unknown as (scope: GuestScope, ...args: Argument[]) => ReturnType<AskingFunction["ask"]>
  )(scope, ...args);
}

function told(
  { answer }: AskingFunction,
  scope: GuestScope,
  args: Argument[],
  got: HostAnswer,
): number {
  if (got.status !== WasmStatus.OK) return got.status;
  const tell = answer as unknown as (
    scope: GuestScope,
    got: HostAnswer,
    ...args: Argument[]
  ) => WasmStatus;
  return tell(scope, got, ...args);
}

/** Arguments by their letters; the array is the caller's own. */
function converted(params: string, args: Argument[]): Argument[] {
  for (let index = 0; index < params.length; index += 1) {
    const letter = params[index];
    if (letter === "i") args[index] = Number(args[index] ?? 0) >>> 0;
    else if (letter === "s") args[index] = Number(args[index] ?? 0) | 0;
    else args[index] ??= letter === "I" ? 0n : 0;
  }
  return args;
}
