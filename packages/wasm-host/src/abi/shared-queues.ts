import type { HostAnswer } from "../model/host-calls.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { asking, type HostFunctionTable, plain } from "./host-function.ts";

/**
 * Queues that functions share (proxy-wasm/spec v0.2.1, "Shared Queues"). `proxy_resolve_shared_queue` also knows the
 * form of Layotto, without the VM id: (name, length, →queue).
 */
export const sharedQueueFunctions: HostFunctionTable = {
  proxy_register_shared_queue: asking(
    "iii",
    ({ memory }, name, nameLength, queueOut) => {
      memory.u32(queueOut);
      return { op: "register_queue", args: [memory.text(name, nameLength)] };
    },
    ({ memory }, { extra }, _name, _nameLength, queueOut) => {
      memory.setU32(queueOut, extra);
      return WasmStatus.OK;
    },
  ),
  proxy_resolve_shared_queue: asking(
    "iiiii",
    ({ memory }, ...args) => {
      const { vmId, name, queueOut } = resolving(args);
      memory.u32(queueOut);
      return { op: "resolve_queue", args: [memory.text(...vmId), memory.text(...name)] };
    },
    ({ memory }, { extra }, ...args) => {
      memory.setU32(resolving(args).queueOut, extra);
      return WasmStatus.OK;
    },
  ),
  proxy_enqueue_shared_queue: asking("iii", ({ memory }, queue, data, length) => ({
    op: "enqueue",
    args: [queue, memory.copy(data, length)],
  })),
  proxy_dequeue_shared_queue: asking(
    "iii",
    ({ memory }, queue, pointerOut, sizeOut) => {
      memory.u32(pointerOut);
      memory.u32(sizeOut);
      return { op: "dequeue", args: [queue] };
    },
    ({ memory }, { value }: HostAnswer, _queue, pointerOut, sizeOut) =>
      memory.give(value, pointerOut, sizeOut),
  ),
  // Queues end with their function.
  proxy_remove_shared_queue: plain("i", () => WasmStatus.UNIMPLEMENTED),
};

type Range = [pointer: number, length: number];

/** Arguments that a guest does not pass are 0: nobody wants an id at address 0 of a queue without a name. */
function resolving([a, b, c, d, e]: readonly [number, number, number, number, number]): {
  vmId: Range;
  name: Range;
  queueOut: number;
} {
  if (d === 0 && e === 0) return { vmId: [0, 0], name: [a, b], queueOut: c };
  return { vmId: [a, b], name: [c, d], queueOut: e };
}
