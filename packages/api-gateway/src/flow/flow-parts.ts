import type { Logger } from "@layotto/sidecar-kit";
import type { Upstream } from "../upstream/upstream.ts";
import { gatherDescriptors } from "../public/descriptors.ts";
import type { OwnMethod } from "../routing/route.ts";
import type { FlowControlConfig } from "../settings.ts";
import { applyFlowConfiguration } from "./apply-configuration.ts";
import { FlowGate } from "./flow-gate.ts";
import { readFlow } from "./read-flow.ts";
import { RulesFile } from "./rules-file.ts";
import { streamingMethods } from "./streaming-methods.ts";

/** Flow control of a gateway: the gate in front of calls, and what changes its rules while it runs. */
export class FlowParts {
  readonly gate: FlowGate;
  /** Methods that the gateway answers because of it. */
  readonly own: readonly OwnMethod[];
  readonly #logger: Logger;
  readonly #file: RulesFile | undefined;
  #gathering: Promise<void> | undefined;

  constructor(config: FlowControlConfig, logger: Logger) {
    this.gate = new FlowGate(config);
    this.#logger = logger;
    this.own = [applyFlowConfiguration(this.gate, (warnings) => this.#applied(warnings))];
    const { rulesFile: path } = config;
    if (path !== undefined)
      this.#file = new RulesFile({ path, logger, apply: (content) => this.#applyFile(content) });
  }

  /** Resolves when the file of rules has been read once. */
  async start(): Promise<void> {
    await this.#file?.start();
  }

  close(): void {
    this.#file?.close();
  }

  /** What `/actuator/info` says. */
  info(): Record<string, unknown> {
    const { settings } = this.gate.control;
    const complaint = this.#file?.complaint ?? "";
    return {
      on: settings.global_switch,
      monitor: settings.monitor,
      rules: settings.rules.length,
      source: this.gate.source,
      ...(complaint === "" ? {} : { refused: complaint }),
    };
  }

  /** Learns which methods stream; to be called when the upstreams serve other methods than before. */
  learnMethods(upstreams: readonly Upstream[]): Promise<void> {
    this.#gathering ??= this.#learn(upstreams).finally(() => (this.#gathering = undefined));
    return this.#gathering;
  }

  async #learn(upstreams: readonly Upstream[]): Promise<void> {
    // What has just been described is asked in a moment: several upstreams become known together.
    await new Promise((resolve) => setImmediate(resolve));
    const { files } = await gatherDescriptors(upstreams, { files: [], services: [] });
    try {
      this.gate.streaming = streamingMethods(files);
    } catch (err) {
      this.#logger.warn({ err }, "descriptors cannot be read: streams are limited like calls");
    }
  }

  #applyFile(content: unknown): string | undefined {
    const reading = readFlow(content, this.gate.config);
    if ("fault" in reading) return reading.fault;
    this.gate.apply(reading.settings, "rules file");
    this.#warn(reading.warnings);
    return undefined;
  }

  #applied(warnings: readonly string[]): void {
    const { rules } = this.gate.control.settings;
    this.#logger.info({ rules: rules.length }, "flow rules applied by ApplyConfiguration");
    this.#warn(warnings);
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#logger.warn({ warning }, "flow rule");
  }
}
