import type { Clock } from "./clock.ts";
import type { JsonSchema } from "./config/json-schema.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics/metrics.ts";

/** What everything in a sidecar process may need. */
export interface ProcessContext {
  /** Process name, e.g. `"state"`. */
  readonly name: string;
  /** `app.app_id` of the configuration; empty when not given. */
  readonly appId: string;
  /** Where the application serves `AppCallback`; undefined when it serves no callbacks. */
  readonly callback: { readonly host: string; readonly port: number } | undefined;
  /** `installation` of the configuration; default `app.app_id`, otherwise `"default"`. */
  readonly installation: string;
  /** Absolute; default `.layotto/data` below the working directory. It may not exist yet. */
  readonly dataDir: string;
  /** Where sockets are; absolute, mode 0700. */
  readonly runDir: string;
  /** Whether unknown keys are only warned about: the configuration came in a Layotto-shaped file. */
  readonly lenient: boolean;
  /** The published schema of the sidecar's sections, if there is one. */
  readonly schema?: JsonSchema | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Aborted when the process shuts down. */
  readonly signal: AbortSignal;
  /** Ends the process in good order with this exit code; the message goes to stderr. */
  fatal(exitCode: number, message: string): void;
  /**
   * The listening handle that a supervisor hands over under this name, for `server.listen(handle)`; undefined when it
   * announced none: then the process listens by itself. The names come from `nameListeners`, by the key `listeners` of
   * the package's `layotto` entry.
   */
  listener(name: string): Promise<unknown> | undefined;
}

/** What `create` of a sidecar gets: the process, and the sidecar's own sections of the configuration. */
export interface SidecarContext<Config> extends ProcessContext {
  readonly config: Config;
}
