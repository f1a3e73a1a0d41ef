import { WasmStatus } from "../model/host-calls.ts";

/** Ends a host function with a status other than OK, from any depth. */
export class Refusal extends Error {
  readonly status: WasmStatus;

  constructor(status: WasmStatus) {
    super(`status ${status}`);
    this.name = "Refusal";
    this.status = status;
  }
}

// Made once: a guest that passes bad pointers in a loop must not make the host collect stack traces.
const refusals = new Map(Object.values(WasmStatus).map((status) => [status, new Refusal(status)]));

/** The refusal with a status, to be thrown. */
export function refusal(status: WasmStatus): Refusal {
  return refusals.get(status) ?? new Refusal(status);
}
