/** Calls one export of a guest: the function, as it is or wrapped by WebAssembly.promising, and its arguments. */
export type Invocation = readonly [fn: Function, ...args: number[]];

/**
 * What a guest does, as a sequence of invocations: the same code runs on a thread that blocks in host calls and on one
 * where they suspend. What is thrown in an invocation is thrown into the sequence.
 */
export type Steps<T> = Generator<Invocation, T, unknown>;

/** Told before each invocation. */
export type OnInvocation = () => void;

const nobody: OnInvocation = () => {};

/**
 * Runs steps to their end. The result is a promise only when an invocation returned one.
 *
 * @param onInvocation told before each invocation
 */
export function runSteps<T>(steps: Steps<T>, onInvocation: OnInvocation = nobody): T | Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    let result: unknown;
    try {
      result = invoke(next.value, onInvocation);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    if (result instanceof Promise) return runSuspended(steps, result, onInvocation);
    next = steps.next(result);
  }
  return next.value;
}

async function runSuspended<T>(
  steps: Steps<T>,
  first: Promise<unknown>,
  onInvocation: OnInvocation,
): Promise<T> {
  let next = await resume(steps, first);
  while (next.done !== true) {
    const invocation = next.value;
    next = await resume(steps, () => invoke(invocation, onInvocation));
  }
  return next.value;
}

/** Waits for an invocation, or makes it first, and tells the steps how it ended. */
async function resume<T>(
  steps: Steps<T>,
  pending: Promise<unknown> | (() => unknown),
): Promise<IteratorResult<Invocation, T>> {
  let result: unknown;
  try {
    result = await (typeof pending === "function" ? pending() : pending);
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(result);
}

function invoke([fn, ...args]: Invocation, onInvocation: OnInvocation): unknown {
  onInvocation();
  return fn(...args) as unknown;
}
