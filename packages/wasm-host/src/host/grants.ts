import type { Logger } from "@layotto/sidecar-kit";
import { allows, type Capabilities } from "../model/capabilities.ts";
import type { HostOp } from "../model/host-calls.ts";
import { functionOf, type HostCaller } from "./host-caller.ts";
import type { Seldom } from "./seldom.ts";

/** Names of the lists in the configuration. */
const keys = {
  readStores: "read",
  writeStores: "write",
  topics: "topics",
  lockStores: "locks",
  sequencerStores: "sequencers",
  secretStores: "secrets",
  configurationStores: "configuration",
  services: "services",
  outbound: "outbound",
} as const satisfies Partial<Record<keyof Capabilities, string>>;

/** The lists of names that grant something. */
export type GrantList = keyof typeof keys;

/** Longest part of a guest's name that is logged. */
const MAX_NAME = 200;

/** Decides what functions may use. A refusal is logged with what to write into the configuration, at most once a minute. */
export class Grants {
  readonly #logger: Logger;
  readonly #seldom: Seldom;

  constructor(logger: Logger, seldom: Seldom) {
    this.#logger = logger;
    this.#seldom = seldom;
  }

  /** Whether a list of the caller allows a name. */
  allows(caller: HostCaller, list: GrantList, name: string, op: HostOp): boolean {
    if (allows(caller.version.definition.capabilities[list], name)) return true;
    this.denied(caller, list, name, op);
    return false;
  }

  /** Logs that a name was refused. */
  denied(caller: HostCaller, list: GrantList, name: string, op: HostOp): void {
    const who = functionOf(caller);
    const wanted = name.slice(0, MAX_NAME);
    if (!this.#seldom.allows(who, `${op} ${wanted}`)) return;
    const grant = `wasm.functions.${who}.capabilities.${keys[list]}`;
    this.#logger.warn(
      { function: who, operation: op, name: wanted, grant },
      "function asked for something that it is not granted: add the name to this list if it may",
    );
  }
}
