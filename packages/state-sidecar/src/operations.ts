import type { MaybePromise, OperationMetrics } from "@layotto/sidecar-kit";

/** The counters of one operation, by component name. Looked up once per name and kept. */
export class Operations {
  readonly #name: string;
  readonly #of: (component: string) => { operation(name: string): OperationMetrics };
  readonly #known = new Map<string, OperationMetrics>();

  /**
   * @param name of the operation, e.g. `"get"`
   * @param of the counters of a component
   */
  constructor(
    name: string,
    of: (component: string) => { operation(name: string): OperationMetrics },
  ) {
    this.#name = name;
    this.#of = of;
  }

  get(component: string): OperationMetrics {
    let found = this.#known.get(component);
    if (found === undefined) {
      found = this.#of(component).operation(this.#name);
      this.#known.set(component, found);
    }
    return found;
  }

  /**
   * Does something with a component and counts it. Stays synchronous when the component is.
   *
   * @param reply makes the answer from the result
   * @param fail makes the error of the API from the component's
   */
  run<T, R>(
    component: string,
    work: () => MaybePromise<T>,
    reply: (result: T) => R,
    fail: (error: unknown) => Error,
  ): MaybePromise<R> {
    const metrics = this.get(component);
    const startedAt = metrics.begin();
    const failed = (error: unknown): never => {
      metrics.end(startedAt, true);
      throw fail(error);
    };
    let result: MaybePromise<T>;
    try {
      result = work();
    } catch (error) {
      return failed(error);
    }
    const answer = (value: T): R => {
      metrics.end(startedAt);
      return reply(value);
    };
    return result instanceof Promise ? result.then(answer, failed) : answer(result);
  }
}
