/** How SOFARPC in Java spells the keys of its trace context; it reads them with attention to case. */
const keys = [
  "sofaTraceId",
  "sofaRpcId",
  "sofaPenAttrs",
  "sysPenAttrs",
  "sofaCallerApp",
  "sofaCallerZone",
  "sofaCallerIdc",
  "sofaCallerIp",
];

const prefix = "rpc_trace_context.";
const spelled = new Map(keys.map((key) => [`${prefix}${key.toLowerCase()}`, `${prefix}${key}`]));

type Header = readonly [name: string, value: string];

/**
 * The headers of a bolt request with the trace context as SOFARPC knows it: names of gRPC metadata come in lower case,
 * and a bolt service would not find `rpc_trace_context.sofatraceid`.
 */
export function withTraceNames(headers: readonly Header[]): readonly Header[] {
  if (!headers.some(([name]) => spelled.has(name))) return headers;
  return headers.map(([name, value]) => [spelled.get(name) ?? name, value]);
}
