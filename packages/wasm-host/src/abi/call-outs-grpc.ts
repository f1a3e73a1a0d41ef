import { type HostCall, WasmStatus } from "../model/host-calls.ts";
import { asking, type HostFunctionTable, type HostScope } from "./host-function.ts";

type Range = readonly [pointer: number, length: number];

/** Where the arguments of a call are. */
interface CallRanges {
  readonly upstream: Range;
  readonly service: Range;
  readonly method: Range;
  readonly metadata: Range;
  readonly message: Range;
  readonly timeoutMs: number;
  readonly idOut: number;
}

const none: Range = [0, 0];

const grpcCall = asking(
  "iiiiiiiiiiii",
  ({ memory }, ...args) => {
    const { upstream, service, method, metadata, message, timeoutMs, idOut } = callRanges(args);
    memory.u32(idOut);
    return {
      op: "grpc_call",
      args: [
        clusterOf(memory.text(...upstream)),
        memory.text(...service),
        memory.text(...method),
        memory.headers(...metadata),
        memory.copy(...message),
        timeoutMs,
      ],
    };
  },
  (scope, { extra }, ...args) => {
    scope.openCallOut(extra, "grpc-call");
    scope.memory.setU32(callRanges(args).idOut, extra);
    return WasmStatus.OK;
  },
);

const grpcStream = asking(
  "iiiiiiiii",
  ({ memory }, ...args) => {
    const { upstream, service, method, metadata, idOut } = streamRanges(args);
    memory.u32(idOut);
    return {
      op: "grpc_stream",
      args: [
        clusterOf(memory.text(...upstream)),
        memory.text(...service),
        memory.text(...method),
        memory.headers(...metadata),
      ],
    };
  },
  (scope, { extra }, ...args) => {
    scope.openCallOut(extra, "grpc-stream");
    scope.memory.setU32(streamRanges(args).idOut, extra);
    return WasmStatus.OK;
  },
);

const grpcSend = asking("iiii", (scope, call, message, length, end) => {
  const kind = scope.callOut(call);
  if (kind === undefined) return WasmStatus.NOT_FOUND;
  if (kind !== "grpc-stream") return WasmStatus.BAD_ARGUMENT;
  return { op: "grpc_send", args: [call, scope.memory.copy(message, length), end !== 0] };
});

const grpcCancel = asking(
  "i",
  (scope, call) => ending(scope, call, { op: "grpc_cancel", args: [call] }),
  (scope, _answer, call) => {
    scope.closeCallOut(call);
    return WasmStatus.OK;
  },
);

const grpcClose = asking(
  "i",
  (scope, call) => ending(scope, call, { op: "grpc_close", args: [call] }),
  (scope, _answer, call) => {
    // Of a stream only the guest's half ends: answers still come.
    if (scope.callOut(call) === "grpc-call") scope.closeCallOut(call);
    return WasmStatus.OK;
  },
);

/**
 * gRPC calls. The forms of Layotto, which have no metadata, are known by the address 0 for the id: arguments that a
 * guest does not pass are 0.
 */
export const grpcCallOutFunctions: HostFunctionTable = {
  proxy_grpc_call: grpcCall,
  proxy_dispatch_grpc_call: grpcCall,
  proxy_grpc_stream: grpcStream,
  proxy_open_grpc_stream: grpcStream,
  proxy_grpc_send: grpcSend,
  proxy_send_grpc_call_message: grpcSend,
  proxy_grpc_cancel: grpcCancel,
  proxy_cancel_grpc_call: grpcCancel,
  proxy_grpc_close: grpcClose,
  proxy_close_grpc_call: grpcClose,
};

function ending(scope: HostScope, call: number, order: HostCall): HostCall | WasmStatus {
  const kind = scope.callOut(call);
  if (kind === undefined) return WasmStatus.NOT_FOUND;
  return kind === "http" ? WasmStatus.BAD_ARGUMENT : order;
}

type Twelve = readonly [...Nine, number, number, number];
type Nine = readonly [number, number, number, number, number, number, number, number, number];

function callRanges(args: Twelve): CallRanges {
  const [a, b, c, d, e, f, g, h, i, j, timeoutMs, idOut] = args;
  const names = { upstream: [a, b], service: [c, d], method: [e, f] } as const;
  if (idOut === 0) return { ...names, metadata: none, message: [g, h], timeoutMs: i, idOut: j };
  return { ...names, metadata: [g, h], message: [i, j], timeoutMs, idOut };
}

function streamRanges(
  args: Nine,
): Pick<CallRanges, "upstream" | "service" | "method" | "metadata" | "idOut"> {
  const [a, b, c, d, e, f, g, h, idOut] = args;
  const names = { upstream: [a, b], service: [c, d], method: [e, f] } as const;
  return idOut === 0
    ? { ...names, metadata: none, idOut: g }
    : { ...names, metadata: [g, h], idOut };
}

/** The tag of a message in field 1 (protobuf, length-delimited). */
const FIELD_1 = 10;

/**
 * The upstream that a guest means: SDKs for Envoy pass a serialized `GrpcService` whose field `envoy_grpc.cluster_name`
 * is the name; others pass the name itself.
 */
function clusterOf(text: string): string {
  if (text.charCodeAt(0) !== FIELD_1 || text.charCodeAt(2) !== FIELD_1) return text;
  const length = text.charCodeAt(3);
  return length < 128 && text.charCodeAt(1) >= length + 2 ? text.slice(4, 4 + length) : text;
}
