import { FlowControl, type FlowOptions, type FlowSettings } from "@layotto/flow-control";
import { RpcError, Status } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import type { Layer, LayeredCall } from "../layers/layer.ts";
import type { FlowControlConfig } from "../settings.ts";

/** Where rules have come from, as `/actuator/info` says it. */
export type FlowSource = "configuration" | "rules file" | "ApplyConfiguration";

/** Limits public calls by flow rules; the rules can be replaced while calls go on. */
export class FlowGate {
  readonly config: FlowControlConfig;
  readonly control: FlowControl;
  /** Methods that stream: they are not limited. */
  streaming: ReadonlySet<string> = new Set();
  #source: FlowSource = "configuration";
  #refusal: RpcError;
  #readsCaller: boolean;

  constructor(config: FlowControlConfig, options?: FlowOptions) {
    this.config = config;
    this.control = new FlowControl(config, options);
    this.#refusal = refusalOf(config, config);
    this.#readsCaller = tellsCallersApart(config);
  }

  /** Where the rules in force have come from. */
  get source(): FlowSource {
    return this.#source;
  }

  /** Puts other settings in force at once. */
  apply(settings: FlowSettings, source: FlowSource): void {
    this.#source = source;
    this.#refusal = refusalOf(this.config, settings);
    this.#readsCaller = tellsCallersApart(settings);
    this.control.update(settings);
  }

  /** Refuses calls, or says how long they have to wait. */
  layer(): Layer {
    return {
      name: "flow-control",
      admit: (call) => this.#admit(call),
      onEnd: (call) => {
        const { flowGeneration } = call;
        if (flowGeneration > 0) this.control.done(call.path, this.#caller(call), flowGeneration);
      },
    };
  }

  #admit(call: LayeredCall): RpcError | undefined {
    const { control } = this;
    // A gRPC path has no query string: PATH and URI are the same, and ARG is nothing.
    if (control.settings.limit_key_type === "ARG" || this.streaming.has(call.path))
      return undefined;
    const waitMs = control.check(call.path, this.#caller(call));
    if (waitMs < 0) return this.#refusal;
    call.waitMs = waitMs;
    call.flowGeneration = control.generation;
    return undefined;
  }

  #caller(call: LayeredCall): string | undefined {
    return this.#readsCaller ? call.header(this.config.callerHeader) : undefined;
  }
}

/** One object for all calls that are refused. */
function refusalOf({ errorCodes }: FlowControlConfig, { action }: FlowSettings): RpcError {
  const refusal = errors.FLOW_LIMITED(action.body);
  if (errorCodes === "grpc") return refusal;
  const { domain, reason, message } = refusal;
  return new RpcError({ domain, reason, message, code: Status.UNKNOWN });
}

function tellsCallersApart({ rules }: FlowSettings): boolean {
  return rules.some(({ callers, limitApp = "" }) => {
    return callers !== undefined || (limitApp !== "" && limitApp !== "default");
  });
}
