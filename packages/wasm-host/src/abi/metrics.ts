import { WasmStatus } from "../model/host-calls.ts";
import { asking, type HostFunctionTable, plain } from "./host-function.ts";

/** Metrics of functions (proxy-wasm/spec v0.2.1, "Metrics"). */
export const metricFunctions: HostFunctionTable = {
  proxy_define_metric: asking(
    "iiii",
    ({ memory }, type, name, nameLength, idOut) => {
      memory.u32(idOut);
      return { op: "define_metric", args: [type, memory.text(name, nameLength)] };
    },
    ({ memory }, { extra }, _type, _name, _nameLength, idOut) => {
      memory.setU32(idOut, extra);
      return WasmStatus.OK;
    },
  ),
  proxy_record_metric: asking("iI", (_scope, id, value) => ({
    op: "record_metric",
    args: [id, value],
  })),
  proxy_increment_metric: asking("iI", (_scope, id, offset) => ({
    op: "increment_metric",
    args: [id, offset],
  })),
  proxy_get_metric: asking(
    "ii",
    ({ memory }, id, valueOut) => {
      memory.peek(valueOut, 8);
      return { op: "get_metric", args: [id] };
    },
    ({ memory }, { value }, _id, valueOut) => {
      memory.set(valueOut, value);
      return WasmStatus.OK;
    },
  ),
  // Metrics end with their function.
  proxy_remove_metric: plain("i", () => WasmStatus.UNIMPLEMENTED),
};
