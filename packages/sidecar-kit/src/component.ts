import type { SchemaSource } from "./config/schema-source.ts";
import type { Logger } from "./logger.ts";
import type { ComponentMetrics } from "./metrics/component-metrics.ts";

/** A value, or a promise of it: whoever has the value at hand returns it as it is and pays for no promise. */
export type MaybePromise<T> = T | Promise<T>;

/** What every back end can do. A sidecar's `component.ts` extends it with what its capability needs. */
export interface Component {
  /** Releases everything that `open` acquired. Called once; bounded by the grace period. */
  close(): Promise<void>;
  /** Asks the back end whether it answers. Called now and then; its failure turns the component's health DOWN. */
  ping?(signal: AbortSignal): Promise<void>;
}

/** What the kit hands to a component that opens. */
export interface ComponentContext {
  /** Config section, e.g. `"state"`. */
  readonly section: string;
  /** Name of the configured instance, e.g. `"orders"`. */
  readonly name: string;
  /** Component type, e.g. `"redis"`. */
  readonly type: string;
  /** `app.app_id` of the configuration; empty when not given. */
  readonly appId: string;
  /** Which installation this process belongs to: guards data directories against strangers. */
  readonly installation: string;
  /** Directory for the component's files, shared by all components; absolute; it may not exist yet. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** Aborted when the process shuts down or gives up this attempt to open. */
  readonly signal: AbortSignal;
  /** Counts operations of this component. */
  readonly metrics: ComponentMetrics;
}

/** The code of one kind of back end. A plain value, exported by `components/<type>/<type>.ts`. */
export interface ComponentType<C extends Component, M = unknown> {
  /** Schema of `metadata` in the config file, or how to import it. Strict: a key that is not listed is a fault. */
  readonly metadata: SchemaSource<M>;
  /** Name under which Layotto's actuator lists this type, e.g. `"lock-redis-standalone"`. Omit when it lists none. */
  readonly indicator?: string;
  /**
   * Connects. May reject: the kit tries again with back-off, so a back end that comes later is fine.
   *
   * Written as a method on purpose: it makes `ComponentType<C, RedisMetadata>` assignable to `ComponentType<C>`.
   *
   * @throws RpcError FAILED_PRECONDITION with reason `DATA_DIR_REFUSED` ends the process with exit code 73
   */
  open(metadata: M, context: ComponentContext): Promise<C>;
}

/** The list of a sidecar's component types: type name → how to import it. Nothing is loaded until it is configured. */
export type ComponentTypes<C extends Component> = Readonly<
  Record<string, () => Promise<ComponentType<C>>>
>;

/** Checks a component type while keeping its metadata type: `export const redis = defineComponentType({ … })`. */
export function defineComponentType<C extends Component, M>(
  type: ComponentType<C, M>,
): ComponentType<C, M> {
  return type;
}
