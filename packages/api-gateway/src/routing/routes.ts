import type { RpcError } from "@layotto/sidecar-kit";
import { Changes } from "../changes.ts";
import { Waiters, type WaitOptions } from "../waiters.ts";
import { buildTable, type BuiltTable } from "./build-table.ts";
import type { HookSource } from "./hooked-routes.ts";
import type {
  MethodClaim,
  MethodRegistry,
  OwnMethod,
  PlainRoute,
  Route,
  RouteClash,
  RouteTarget,
} from "./route.ts";
import { staticError, type UnconfiguredMethod } from "./unconfigured.ts";

/** What {@link Routes} is made from. */
export interface RoutesOptions<U extends RouteTarget> {
  /** Every configured upstream. */
  readonly upstreams: readonly U[];
  /** Answers for methods that no upstream serves. Default: none. */
  readonly unconfigured?: readonly UnconfiguredMethod[];
  /** Where calls are counted; calls to paths that nobody serves count as `unknown`. */
  readonly metrics: MethodRegistry;
  /** Methods that the gateway answers itself. Default: none. */
  readonly own?: readonly OwnMethod[];
  /** What runs around public calls. Default: nothing. */
  readonly hooks?: HookSource | undefined;
  /** Calls to unknown methods that may wait for a description at once. Default: 8192. */
  readonly maxWaitingCalls?: number;
}

const defaultMaxWaitingCalls = 8_192;

/** The routes as the calls of one kind of listener see them. */
export interface RouteView<U extends RouteTarget> {
  /** What to do with a call to `path`; never fails. */
  lookup(path: string): Route<U>;
  /** See {@link Routes.resolve}. */
  resolve(path: string, options: WaitOptions): Promise<PlainRoute<U>>;
}

/**
 * The route table of the gateway. The table is never changed, only replaced as a whole; `epoch` grows by one each time,
 * so whoever keeps a route (a header cache) knows when it is stale.
 */
export class Routes<U extends RouteTarget> implements RouteView<U> {
  readonly #upstreams: readonly U[];
  readonly #unconfigured: ReadonlyMap<string, RpcError>;
  readonly #metrics: MethodRegistry;
  readonly #own: readonly OwnMethod[];
  readonly #hooks: HookSource | undefined;
  readonly #described = new Map<U, readonly MethodClaim[]>();
  readonly #changes = new Changes();
  readonly #waiters: Waiters;
  /** The routes for calls of sidecars: hooks are for the app, and some methods are for sidecars alone. */
  readonly internal: RouteView<U> = {
    lookup: (path) => this.#lookupInternal(path),
    resolve: (path, options) =>
      this.#resolve(path, options, (found) => this.#lookupInternal(found)),
  };
  #table: BuiltTable<U>;
  #epoch = 0;
  #waits = 0;

  constructor(options: RoutesOptions<U>) {
    this.#upstreams = options.upstreams;
    this.#metrics = options.metrics;
    this.#own = options.own ?? [];
    this.#hooks = options.hooks;
    this.#unconfigured = new Map(
      (options.unconfigured ?? []).map((method) => [method.path, staticError(method)]),
    );
    this.#waiters = new Waiters(options.maxWaitingCalls ?? defaultMaxWaitingCalls);
    this.#table = this.#build();
  }

  /** Number of the current table. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Calls to methods still unknown that had to wait for a description so far. */
  get waits(): number {
    return this.#waits;
  }

  /** Claims that were refused in the current table. */
  get clashes(): readonly RouteClash[] {
    return this.#table.clashes;
  }

  /** Paths that some upstream serves, in order of description. */
  get paths(): readonly string[] {
    return this.#table.paths;
  }

  /** Capabilities of the upstreams that have never been described. */
  get missing(): readonly string[] {
    return this.#table.missing;
  }

  /** What to do with a public call to `path`; never fails. */
  lookup(path: string): Route<U> {
    const { routes, otherwise } = this.#table.public;
    return routes.get(path) ?? otherwise(path);
  }

  /**
   * Puts the methods of an upstream in place of those it had before, and replaces the table.
   * An upstream that is lost is simply not reported: its routes stay.
   */
  describe(upstream: U, methods: readonly MethodClaim[]): void {
    this.#described.set(upstream, methods);
    this.#table = this.#build();
    this.#epoch += 1;
    this.#changes.notify();
    this.#waiters.release();
  }

  /**
   * Like {@link lookup}, but while the answer is "waiting" it waits for the missing upstreams to describe themselves.
   * When the time is over, or too many wait already, the answer is still "waiting".
   *
   * @throws the signal's reason when it aborts
   */
  resolve(path: string, options: WaitOptions): Promise<PlainRoute<U>> {
    return this.#resolve(path, options, (found) => this.lookup(found));
  }

  /**
   * Waits until every upstream has described itself once.
   *
   * @returns false when the time is over first, or too many wait already
   * @throws the signal's reason when it aborts
   */
  async complete(options: WaitOptions): Promise<boolean> {
    const until = Date.now() + options.timeoutMs;
    while (this.missing.length > 0) {
      const timeoutMs = Math.max(0, until - Date.now());
      if (!(await this.#waiters.wait({ ...options, timeoutMs }))) return this.missing.length === 0;
    }
    return true;
  }

  /** Calls `listener` after each replacement; returns the way to stop it. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  #lookupInternal(path: string): Route<U> {
    const { routes, otherwise } = this.#table.internal;
    return routes.get(path) ?? otherwise(path);
  }

  async #resolve(
    path: string,
    options: WaitOptions,
    lookup: (path: string) => Route<U>,
  ): Promise<PlainRoute<U>> {
    const until = Date.now() + options.timeoutMs;
    this.#waits += 1;
    for (;;) {
      const route = plainRoute(lookup(path));
      const timeoutMs = until - Date.now();
      if (route.kind !== "waiting" || timeoutMs <= 0) return route;
      if (!(await this.#waiters.wait({ ...options, timeoutMs }))) return plainRoute(lookup(path));
    }
  }

  #build(): BuiltTable<U> {
    const missing = this.#upstreams.filter((upstream) => !this.#described.has(upstream));
    return buildTable({
      described: this.#described,
      unconfigured: this.#unconfigured,
      missing: [...new Set(missing.map((upstream) => upstream.capability))],
      metrics: this.#metrics,
      own: this.#own,
      hooks: this.#hooks,
    });
  }
}

/** Without hooks and the gateway's own answers: a call that still waits for its route has them behind it. */
function plainRoute<U extends RouteTarget>(route: Route<U>): PlainRoute<U> {
  const inner = route.kind === "hooked" ? route.otherwise : route;
  return inner.kind === "own" ? inner.otherwise : inner;
}
