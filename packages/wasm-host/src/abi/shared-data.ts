import { asking, type HostFunctionTable } from "./host-function.ts";

/** Data that all instances of a function share (proxy-wasm/spec v0.2.1, "Shared Key-Value Store"). Keys are octets. */
export const sharedDataFunctions: HostFunctionTable = {
  proxy_get_shared_data: asking(
    "iiiii",
    ({ memory }, key, keyLength, _valueOut, _sizeOut, casOut) => {
      memory.u32(casOut);
      return { op: "get_shared_data", args: [memory.latin1(key, keyLength)] };
    },
    ({ memory }, { value, extra }, _key, _keyLength, valueOut, sizeOut, casOut) => {
      memory.setU32(casOut, extra);
      return memory.give(value, valueOut, sizeOut);
    },
  ),
  proxy_set_shared_data: asking("iiiii", ({ memory }, key, keyLength, value, valueLength, cas) => ({
    op: "set_shared_data",
    args: [memory.latin1(key, keyLength), memory.copy(value, valueLength), cas],
  })),
};
