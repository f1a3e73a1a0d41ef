import { WasmStatus } from "../model/host-calls.ts";
import { grpcCallOutFunctions } from "./call-outs-grpc.ts";
import { asking, type HostFunctionTable } from "./host-function.ts";

const httpCall = asking(
  "iiiiiiiiii",
  (
    { memory },
    up,
    upLength,
    head,
    headLength,
    body,
    bodyLength,
    trail,
    trailLength,
    timeoutMs,
    idOut,
  ) => {
    memory.u32(idOut);
    return {
      op: "http_call",
      args: [
        memory.text(up, upLength),
        memory.headers(head, headLength),
        memory.copy(body, bodyLength),
        memory.headers(trail, trailLength),
        timeoutMs,
      ],
    };
  },
  (scope, { extra }, _a, _b, _c, _d, _e, _f, _g, _h, _timeoutMs, idOut) => {
    scope.openCallOut(extra, "http");
    scope.memory.setU32(idOut, extra);
    return WasmStatus.OK;
  },
);

/** Calls of other servers, by the names of the specification and by those of Layotto ("HTTP calls", "gRPC calls"). */
export const callOutFunctions: HostFunctionTable = {
  proxy_http_call: httpCall,
  proxy_dispatch_http_call: httpCall,
  ...grpcCallOutFunctions,
};
