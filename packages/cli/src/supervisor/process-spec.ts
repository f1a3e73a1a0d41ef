/** A TCP address that the supervisor listens on for a process. */
export interface ListenerSpec {
  /** Name by which the process knows it: `grpc`, `actuator`, `grpc-2`. */
  name: string;
  host: string;
  port: number;
}

/** One process to run: everything that is needed to spawn it. */
export interface ProcessSpec {
  /** Unique within the run directory; also the name of its socket. */
  name: string;
  kind: "gateway" | "sidecar";
  /** npm package it comes from. */
  packageName: string;
  version: string;
  /** Absolute path of the file that Node.js runs. */
  bin: string;
  /** Content of its configuration file: its own sections and the common ones, nothing else. */
  config: Record<string, unknown>;
  listeners: readonly ListenerSpec[];
  /** Section → names of its components. */
  components: Readonly<Record<string, readonly string[]>>;
  /** Components that forget their data when the process is replaced, e.g. `state.orders`. */
  memoryComponents: readonly string[];
}
