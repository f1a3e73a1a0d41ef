import { type HostAnswer, WasmStatus } from "../model/host-calls.ts";

const nothing = new Uint8Array(0);

/** Done, and there is nothing to tell. */
export const accepted: HostAnswer = { status: WasmStatus.OK, value: nothing, extra: 0 };

/** The answer to everything that failed or is not granted. */
export const failed: HostAnswer = refused(WasmStatus.INTERNAL_FAILURE);

/** Done, with a value. */
export function withValue(value: Uint8Array, extra = 0): HostAnswer {
  return { status: WasmStatus.OK, value, extra };
}

/** Done, with a number. */
export function withNumber(extra: number): HostAnswer {
  return { status: WasmStatus.OK, value: nothing, extra };
}

/** Not done. */
export function refused(status: WasmStatus): HostAnswer {
  return { status, value: nothing, extra: 0 };
}
