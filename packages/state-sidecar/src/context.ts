import type { Component, ComponentSet, Logger, Metrics } from "@layotto/sidecar-kit";
import type { Keyspace } from "./keys.ts";

/** What the handlers of one capability work with. */
export interface ServiceContext<C extends Component> {
  /** Config section, e.g. `"state"`. */
  readonly section: string;
  readonly stores: Pick<ComponentSet<C>, "get" | "has" | "names">;
  readonly keys: Keyspace;
  readonly metrics: Pick<Metrics, "component">;
  readonly logger: Pick<Logger, "warn">;
}
