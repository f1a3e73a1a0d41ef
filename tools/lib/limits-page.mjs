// docs/reference/limits.md, from the doc comments of limits.ts, the gateway's schema and constants of the code.
import { built, code, dash, made, readSource, sectionOwners, table } from "./pages.mjs";
import { unitText } from "./config-pages.mjs";
import { fixedTable, limitRows } from "./limit-sources.mjs";
import { functionLimits } from "./wasm-limits-page.mjs";

/** Constants of the code that are limits and no configuration: source file, name, unit, what happens there. */
const fixedLimits = [
  ["grpc-transport/src/hpack/decoder.ts", "BOMB_FACTOR", "× `maxHeaderListBytes`", "that a decoded header list may exceed its limit by; beyond, the connection ends with ENHANCE_YOUR_CALM"],
  ["grpc-transport/src/grpc/gunzip.ts", "MAX_CONCURRENT", "messages", "unpacked at the same time in a process; others wait"],
  ["grpc-transport/src/connection/connection.ts", "DRAIN_PING_MS", "ms", "a peer has to answer between the two GOAWAY frames of a drain; then the second is sent anyway"],
  ["grpc-transport/src/listener.ts", "BACKLOG", "connections", "that the kernel holds before they are accepted"],
  ["api-gateway/src/forwarding/gateway-call.ts", "MAX_SENDS", "times", "a call is sent before it fails with SIDECAR_UNAVAILABLE"],
  ["api-gateway/src/actuator/server.ts", "maxBodyBytes", "bytes", "of a request body to the actuator; more is answered with 413"],
  ["api-gateway/src/connect.ts", "maxControlAnswerBytes", "bytes", "of the figures or a page of a sidecar; a larger answer is left out of `/actuator/metrics` and a 503 of its page"],
  ["api-gateway/src/hooks/protected-fields.ts", "maxHeaderBytes", "bytes", "of header fields, 32 more for each, that a call or a reply may have after a hook; more count as its failure"],
  ["api-gateway/src/hooks/answer.ts", "maxText", "characters", "of the text with which a hook denies a call"],
  ["embedded-store/src/write-queue.ts", "MAX_QUEUED", "writes", "waiting for the disk; one more gets RESOURCE_EXHAUSTED (BACKEND_LIMIT)"],
  ["embedded-store/src/write-queue.ts", "MAX_BATCH", "writes", "in one transaction; the rest goes into the next"],
  ["embedded-store/src/keys.ts", "MAX_KEY_BYTES", "bytes", "of a key in the embedded store, prefix and component name included; a longer one gets INVALID_ARGUMENT (BACKEND_REFUSED)"],
  ["state-sidecar/src/state/components/redis/strong.ts", "WAIT_MS", "ms", "that a `strong` write waits for the replicas of Redis; a late one is no error"],
  ["state-sidecar/src/sequencer/segments.ts", "SEGMENT_SIZE", "ids", "taken from the store at once for WEAK ids; those not given out are lost when the process ends"],
  ["state-sidecar/src/sequencer/segments.ts", "WAIT_MS", "ms", "that a WEAK call waits for the next segment, then UNAVAILABLE (SEGMENT_UNAVAILABLE)"],
  ["rpc-mesh/src/invoke/create-channel.ts", "MAX_REPLY_BYTES", "bytes", "of an answer to InvokeService; a larger one is RESOURCE_EXHAUSTED (BODY_TOO_LARGE)"],
  ["rpc-mesh/src/http1/kept-body.ts", "MAX_KEPT_BYTES", "bytes", "of a request body that the HTTP/1.1 proxy keeps for another attempt; a call with more is not sent again"],
  ["http1/src/stash.ts", "MAX_BYTES", "bytes", "that an HTTP/1.1 caller may send ahead of its answers before it is not read"],
  ["rpc-mesh/src/config/read-functions.ts", "DEFAULT_TIMEOUT_MS", "ms", "for a phase of a filter or hook of a listener, where `timeout` says nothing"],
  ["rpc-mesh/src/config/read-functions.ts", "MAX_TIMEOUT_MS", "ms", "that `timeout` of a filter or hook may be"],
  ["rpc-mesh/src/http1/filters/filtered-call.ts", "DEFAULT_BODY_BYTES", "bytes", "of a body that filters see, where `max_body_bytes` says nothing: 413, an answer 502"],
  ["rpc-mesh/src/http1/filters/body-budget.ts", "MAX_BYTES", "bytes", "of bodies that wait for the filters of a listener, together; beyond, calls are refused (flag UO)"],
  ["rpc-mesh/src/extension/answer.ts", "MAX_LINES", "header lines", "that a function may give a call or an answer; more count as its failure"],
  ["rpc-mesh/src/extension/answer.ts", "MAX_LINE_BYTES", "bytes", "of them"],
  ["rpc-mesh/src/extension/listener-function.ts", "MAX_MISSES", "phases", "in a row without an answer, after which an open function is left out for a while"],
  ["rpc-mesh/src/extension/listener-function.ts", "REST_MS", "ms", "of that"],
  ["rpc-mesh/src/extension/request-parts.ts", "MAX_PATH", "characters", "of a path that a function names"],
  ["rpc-mesh/src/cluster/direct-clusters.ts", "MAX_DIRECT", "addresses", "that calls name themselves (`rpc_target_address`) with connections kept; the one not used for longest goes"],
  ["rpc-mesh/src/listener/mesh-listener.ts", "FIRST_BYTES_MS", "ms", "a caller has to say which protocol it speaks"],
  ["rpc-mesh/src/tls/server-tls.ts", "handshakeTimeout", "ms", "for a TLS handshake with a caller of the mesh"],
  ["rpc-mesh/src/resilience/ip-access.ts", "MAX_REMEMBERED", "addresses", "whose verdict of `ip_access` is remembered"],
  ["rpc-mesh/src/discovery/register.ts", "DEREGISTER_TIMEOUT_MS", "ms", "that a registry may take to deregister the app's services when the mesh stops"],
  ["rpc-mesh/src/xds/cold-clusters.ts", "warmingMs", "ms", "that routes from a management server wait for hosts of their new clusters"],
  ["state-sidecar/src/sequencer/segments.ts", "MAX_KEYS", "keys", "per store with a segment in memory; one more drops the oldest segment, whose ids are never given out"],
]; // prettier-ignore

/** What happens at the gateway's own limits. */
const gatewayLimits = {
  upstreamWaitMs: "UNAVAILABLE (SIDECAR_UNAVAILABLE)",
  replayBytes: "the call is not sent again: UNAVAILABLE (REPLAY_LIMIT)",
  maxWaitingCalls: "UNAVAILABLE (WAITING_LIMIT)",
  maxMessageBytes: "RESOURCE_EXHAUSTED, with both sizes",
};

export async function limitsPage() {
  const { sections } = (await sectionOwners()).find((each) => "gateway" in each.sections);
  const gateway = Object.entries(sections.gateway.properties).filter(([key]) =>
    /^max|Bytes$|Ms$/u.test(key),
  );
  if (gateway.some(([key]) => !(key in gatewayLimits)))
    throw new Error("gatewayLimits of tools/lib/limits-page.mjs lacks a key");
  return [
    made,
    "# Limits",
    "Whatever a peer can make the runtime hold, wait for or do has a limit with a name. Who exceeds one loses a stream or a connection; nobody else notices. Why they are as they are: [decision 5](../decisions/0005-what-a-peer-may-cost.md).",
    "## One connection",
    "The last column is the HTTP/2 error code or what else the peer gets. Towards apps they are set with `gateway.limits`, e.g. `gateway: { limits: { maxConcurrentStreams: 200 } }`; between gateway and sidecars the second number holds, which cannot be configured. Rates count frames beyond one per useful frame (HEADERS, DATA that is not empty), but resets count all.",
    await connectionLimits(),
    "## The gateway",
    table(
      ["key of `gateway`", "default", "beyond it"],
      gateway.map(([key, each]) => [
        code(key),
        `${each.default} ${unitText(key, each)}`,
        gatewayLimits[key],
      ]),
    ),
    "## Connections of the mesh",
    "They cannot be configured; what can be is in [mesh/](../mesh/README.md#limits).",
    "### HTTP/1.1",
    "Also of the listeners of wasm-host.",
    await commentedLimits("http1", "limits", "Http1Limits", "defaultLimits"),
    "### bolt and dubbo",
    await commentedLimits("rpc-mesh", "multiplex/limits", "MuxLimits", "muxLimits"),
    "### Hessian",
    "How far the mesh looks into a body for routing. What is beyond is passed on all the same.",
    await commentedLimits("rpc-mesh", "hessian/limits", "HessianLimits", "hessianLimits"),
    ...(await functionLimits()),
    "## Fixed",
    "Constants of the code. Limits of component types are among their keys in [components.md](../components.md).",
    await fixedTable(fixedLimits),
  ]
    .join("\n\n")
    .concat("\n");
}

/** Doc comments of limits.ts, with its numbers; a comment that gives another default than the code is an error. */
async function connectionLimits() {
  const { defaultLimits, internalLimits } = await built("grpc-transport", "limits.js");
  const source = await readSource("grpc-transport/src/limits.ts");
  const rows = [];
  for (const [, comment, name] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(\w+): number;/gu,
  )) {
    const text = comment.replace(/[\s*]+/gu, " ").trim();
    const [, meaning = "", effect = text.startsWith("The same") ? rows.at(-1)[4] : dash, standard] =
      /^([^[@]*?)\.?\s*(?:\[(.*?)\]\.?)?\s*@default (\d+)$/u.exec(text) ?? [];
    if (Number(standard) !== defaultLimits[name])
      throw new Error(`limits.ts documents ${standard} for ${name}`);
    rows.push([code(name), standard, internalLimits[name], meaning, effect]);
  }
  if (rows.length !== Object.keys(defaultLimits).length)
    throw new Error("Cannot read a doc comment of limits.ts");
  return table(
    ["name", "default", "between own processes", "what it bounds", "the peer gets"],
    rows,
  );
}

async function commentedLimits(name, module, type, constant) {
  const rows = await limitRows(name, module, type, constant);
  return table(
    ["name", "value", "what it bounds"],
    rows.map(({ key, value, text }) => [code(key), value, text]),
  );
}
