import type { Logger } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { HostsListener } from "../component.ts";

/** What a source of hosts works with. */
export interface SourceContext {
  readonly clock: MeshClock;
  /** Lines carry the name of the cluster. */
  readonly logger: Logger;
  /** Gets the complete set each time. While a source has trouble, it says nothing. */
  readonly listener: HostsListener;
}

/** Ends a source; nothing is reported afterwards. */
export type StopSource = () => void;
