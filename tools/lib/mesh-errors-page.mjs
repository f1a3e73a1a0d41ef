// The part of docs/reference/errors.md about calls through the mesh: its own answers, and those of services.
import { allSources, built, code, readSource, table } from "./pages.mjs";

/** Reasons of InvokeService that a service's answer or the request itself gives: code, message, when. Compared with the code. */
const invokeErrors = {
  HTTP_STATUS: ["see below", "http response code <status>, body: <first 1024 bytes>", "HTTP: the status is not 2xx; fact `status`"],
  JSON_RPC_ERROR: ["see below", "http response code <status>, body: …", "`dubbo_json_rpc`: the body is a JSON-RPC error; facts `status`, `json_rpc_code`"],
  GRPC_STATUS: ["the service's", "<the service's>", "gRPC: the service answers another status than OK"],
  DUBBO_EXCEPTION: ["UNKNOWN", "<class>: <message>", "dubbo: the service threw; fact `exception`"],
  REQUEST_INVALID: ["INVALID_ARGUMENT", "<why>", "HTTP: method, query or metadata cannot be in a request"],
  HEADERS_TOO_LARGE: ["INVALID_ARGUMENT", "Cannot send the metadata as bolt headers: they are longer than 32767 octets", "bolt"],
  NO_DUBBO_REQUEST: ["INVALID_ARGUMENT", 'Cannot call "<id>": <why>', "dubbo: the data is neither a frame nor the body of one"],
}; // prettier-ignore

/** Why some flags are there, where the comment is more than a reader needs. */
const shorter = {
  REFUSED:
    "The host provably did not act on it (REFUSED_STREAM, GOAWAY, a reused connection that was closed)",
};

export async function meshErrors(statusName) {
  return [
    "### Answers of the mesh",
    "What a caller gets when no host answers. HTTP answers bear the flag in `x-mesh-failure`, and the text as body (JSON for those who accept it); gRPC answers in trailer `x-mesh-failure`; bolt answers in the headers `x-mesh-failure` and `x-mesh-message`; dubbo answers begin with the flag. Errors of InvokeService have the name as reason and the flag as fact `flag`. With `error_codes: layotto` it answers DEADLINE_EXCEEDED and INTERNAL as here, all else UNAVAILABLE.",
    await flagTable(statusName),
    "An injected fault (FI) has the HTTP status that is configured, for gRPC and InvokeService the code of that status; a flow rule (RL) on HTTP that of `action.status`.",
    "### Answers of services to InvokeService",
    "Reasons of domain `rpc`, as they are by default.",
    await invokeTable(),
    ...(await statusTables(statusName)),
  ];
}

async function flagTable(statusName) {
  const { Reason } = await built("rpc-mesh", "call/failure.js");
  const { meshFailure, grpcOf, boltOf, dubboOf } = await built("rpc-mesh", "call/statuses.js");
  const source = await readSource("rpc-mesh/src/call/failure.ts");
  const all = await allSources("rpc-mesh");
  // A flag that is only compared with, or only has statuses, is none that a caller meets.
  const used = ([name]) => new RegExp(String.raw`(?<!\[|=== )Reason\.${name}\b`, "u").test(all);
  const rows = Object.entries(Reason).filter(used).map(([name, flag]) => {
    const comment = new RegExp(String.raw`/\*\* ((?:(?!\*/)[^])*?)\.? \*/\s*${name}:`, "u").exec(source)?.[1];
    if (comment === undefined) throw new Error(`Cannot find the comment of flag ${name}`);
    const failure = meshFailure(flag, "");
    const grpc = statusName(grpcOf(failure));
    return [code(flag), code(name), failure.status, grpc, boltOf(failure), dubboOf(failure), shorter[name] ?? comment];
  }); // prettier-ignore
  return table(["flag", "reason", "HTTP", "gRPC", "bolt", "dubbo", "why"], rows);
}

async function invokeTable() {
  const text = await allSources("rpc-mesh");
  const found = [...text.matchAll(/serviceError\([^;]*?"([A-Z][A-Z_]{4,})"/gu)].map(
    (match) => match[1],
  );
  const listed = Object.keys(invokeErrors).sort().join(", ");
  const coded = [...new Set(found)].sort().join(", ");
  if (listed !== coded)
    throw new Error(
      `invokeErrors of tools/lib/mesh-errors-page.mjs lists ${listed}; the code has ${coded}`,
    );
  const rows = Object.entries(invokeErrors).map(([reason, [status, message, when]]) => [
    code(reason),
    status,
    code(message),
    when,
  ]);
  rows.push(
    [code("BOLT_<NAME>"), "see below", code("bolt error code <status>, <text or name>"), "bolt: another status than SUCCESS; fact `status`"],
    [code("DUBBO_<NAME>"), "see below", code("dubbo error code <status>, <text>"), "dubbo: another status than OK; fact `status`"],
  ); // prettier-ignore
  return table(["reason", "code", "message", "when"], rows);
}

/** gRPC codes of statuses of services, by asking the functions that make them. */
async function statusTables(statusName) {
  const { httpToGrpc } = await built("rpc-mesh", "call/statuses.js");
  const { statusError } = await built("rpc-mesh", "invoke/bolt-reply.js");
  const { replyError } = await built("rpc-mesh", "invoke/dubbo-reply.js");
  const { BoltStatus } = await built("rpc-mesh", "bolt/constants.js");
  const { DubboStatus } = await built("rpc-mesh", "dubbo/constants.js");
  const head = { headersAt: 0, contentAt: 0, serialization: 0 };
  const http = [400, 401, 403, 404, 408, 409, 413, 429, 499, 501, 502, 503, 504, 509].map((status) => [String(status), httpToGrpc(status)]);
  const bolt = Object.entries(BoltStatus).slice(1).map(([name, status]) => [`${status} ${name}`, statusError({ ...head, status }, false).code]);
  const dubbo = Object.entries(DubboStatus).slice(1).map(([name, status]) => [`${status} ${name}`, replyError({ ...head, status }, false).code]);
  const rows = [["HTTP", [...http, ["other 5xx", httpToGrpc(500)], ["all others", httpToGrpc(418)]]], ["bolt", bolt], ["dubbo", dubbo]]; // prettier-ignore
  return rows.map(([protocol, all]) => {
    const byCode = new Map();
    for (const [status, grpc] of all) byCode.set(grpc, [...(byCode.get(grpc) ?? []), status]);
    const cells = [...byCode].map(([grpc, list]) => [statusName(grpc), list.join(", ")]);
    return table(["code", `status of ${protocol}`], cells);
  });
} // prettier-ignore
