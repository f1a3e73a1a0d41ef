import { silentLogger } from "@layotto/sidecar-kit";
import type { FunctionDefinition } from "../../model/definition.ts";
import type { Engine, LoadedVersion } from "../../model/engine.ts";
import type { GuestFault } from "../../model/fault.ts";
import type { StreamOutput } from "../../model/streams.ts";
import { callOnce, definitionOf, textOf, type DefinitionParts } from "../../testing/engine.ts";
import { createCommandEngine, type CommandEngineOptions } from "../command-engine.ts";

/** An engine of programs with what a test asks of it. */
export class CommandHost {
  readonly engine: Engine;
  /** Faults that were told, in their order. */
  readonly faults: GuestFault[] = [];

  constructor(options: Partial<CommandEngineOptions> = {}) {
    this.engine = createCommandEngine({ logger: silentLogger, ...options });
    this.engine.onFault = (_version, fault) => this.faults.push(fault);
  }

  load(bytes: Uint8Array, parts: DefinitionParts = {}, name = "program"): Promise<LoadedVersion> {
    const definition: FunctionDefinition = definitionOf(name, { adapter: "wasi-command", ...parts });
    return this.engine.load(bytes, definition);
  } // prettier-ignore

  call(version: LoadedVersion, body: string | Uint8Array): Promise<StreamOutput> {
    return callOnce(this.engine, version, body);
  }

  /** @throws Error when the call failed */
  async text(version: LoadedVersion, body: string | Uint8Array): Promise<string> {
    return textOf(await this.call(version, body));
  }

  /** The fault of a call. @throws Error when it went well */
  async fault(version: LoadedVersion, body: string): Promise<GuestFault> {
    const { fault } = await this.call(version, body);
    if (fault === undefined) throw new Error("the call went well");
    return fault;
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}
