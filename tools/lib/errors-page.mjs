// docs/reference/errors.md, from the error tables of the packages.
import * as fs from "node:fs/promises";
import path from "node:path";
import { meshErrors } from "./mesh-errors-page.mjs";
import { allSources, built, code, made, readSource, table } from "./pages.mjs";
import { root } from "./repo.mjs";
import { wasmErrors } from "./wasm-errors-page.mjs";

/** Errors of the kit that are in no table: reason → code, message, when. Compared with the reasons in its code. */
const kitErrors = {
  COMPONENT_NOT_READY: ["UNAVAILABLE", 'Cannot use <section> "<name>": <status> <why>', "the component is being opened; it is tried again"],
  BACK_END_UNAVAILABLE: ["UNAVAILABLE", "back end is not available: <why>", "the connection of a component to its server failed"],
  UNPARSABLE_REQUEST: ["INVALID_ARGUMENT", "<why>", "the request is no protobuf message of its type"],
  UNKNOWN_SERVICE: ["NOT_FOUND", 'Cannot check service "<service>": it is not served here', "gRPC health check"],
  TOKEN_REFUSED: ["UNAUTHENTICATED", 'Cannot accept the call: metadata "layotto-sidecar-token" is missing or wrong', "a sidecar on TCP with `token`"],
  UNKNOWN_PAGE: ["NOT_FOUND", 'Cannot show page "<name>": …', "`sidecar.v1`, not reachable for apps"],
  UNKNOWN_LOG_LEVEL: ["INVALID_ARGUMENT", 'Cannot set log level "<level>": it must be one of …', "`sidecar.v1`, not reachable for apps"],
}; // prettier-ignore

/** Answers of the transport, which have a code and a text but no reason: code, text, when. Compared with its code. */
const transportErrors = [
  ["RESOURCE_EXHAUSTED", "Received message larger than max (", "a message over the receive limit; both sizes follow"],
  ["RESOURCE_EXHAUSTED", "Received metadata larger than max", "headers over `maxHeaderListBytes`"],
  ["RESOURCE_EXHAUSTED", "Connection buffers too many messages", "`maxBufferedBytes` or `maxTotalBufferedBytes`"],
  ["DEADLINE_EXCEEDED", "Deadline exceeded", "`grpc-timeout` has passed"],
  ["UNAVAILABLE", "Connection lost before the call ended", "our client: the connection broke"],
  ["INTERNAL", "Cannot read compressed message: invalid gzip", "the request is not what `grpc-encoding` says"],
  ["INTERNAL", "Cannot read message: the stream ended inside it", "the request is cut off"],
  ["INTERNAL", "internal error", "a fault in a handler; its cause is in the sidecar's log"],
]; // prettier-ignore

export async function errorsPage() {
  const { statusName } = await built("grpc-transport", "status.js");
  const parts = [
    made,
    "# Errors",
    "What a call can end with besides OK. Code and message are what every gRPC client sees. Errors with a reason carry `google.rpc.ErrorInfo` (reason, domain) in `grpc-status-details-bin`: reasons are stable, so test for them and never for the text. `<…>` is filled in by the runtime. Errors of `backendErrors` carry the domain of the capability that was called. How the codes differ from Layotto's is in [compatibility.md](../compatibility.md).",
  ];
  for (const name of (await fs.readdir(path.join(root, "packages"))).sort()) {
    if (name === "sidecar-kit") continue;
    const tables = [];
    for (const file of ["errors", "components/errors"]) {
      const source = await readSource(`${name}/src/${file}.ts`).catch(() => "");
      if (source === "") continue;
      tables.push(...errorTables(await built(name, `${file}.js`), source, statusName));
    }
    if (name === "rpc-mesh") tables.push(...(await meshErrors(statusName)));
    if (name === "wasm-host") tables.push(...(await wasmErrors()));
    if (tables.length > 0) parts.push(`## ${name}`, ...tables);
  }
  parts.push(
    "## Every sidecar",
    await kitErrorTable(),
    ...(await backendErrorTable(statusName)),
    "## Transport",
    await transportErrorTable(),
  );
  return `${parts.join("\n\n")}\n`;
}

function errorTables(module, source, statusName) {
  const parts = [];
  for (const [name, factories] of Object.entries(module)) {
    if (typeof factories !== "object") continue;
    const body = source.slice(source.indexOf(`export const ${name} = `));
    const calls = Object.entries(factories).map(([key, make]) => errorRow(key, make, body, source));
    const isTable = calls.every((row) => row.length > 2);
    if (isTable) for (const row of calls) row[1] = statusName(row[1]);
    const domain = isTable ? Object.values(factories)[0]("/").domain : "";
    const rows = isTable ? calls.toSorted((a, b) => (a[0] < b[0] ? -1 : 1)) : calls;
    if (isTable)
      parts.push(
        `### \`${name}\`: domain \`${domain}\``,
        table(["reason", "code", "message", "when"], rows),
      );
    else
      parts.push(
        `### \`${name}\``,
        "What stands around the message of a store:",
        table(["method", "message"], rows),
      );
  }
  return parts;
}

/** A row of a table, made by calling the factory with its parameters' names in angle brackets. */
function errorRow(key, make, body, source) {
  const doc = String.raw`(?:/\*\*((?:(?!\*/)[^])*)\*/\s*)?`;
  const list = String.raw`(?:\(([^)]*)\)|(\w+))`;
  const row = new RegExp(
    String.raw`${doc}\b${key}: (?:\{\s*code: [\w.]+,\s*message: )?${list}`,
    "u",
  ).exec(body);
  const named = String.raw`(?:function ${row?.[3]}|const ${row?.[3]} = )\(([^)]*)\)`;
  const parameters = row?.[2] ?? new RegExp(named, "u").exec(source)?.[1];
  if (parameters === undefined)
    throw new Error(`Cannot find the parameters of error "${key}" in its source`);
  const names = parameters
    .split(",")
    .map((each) => each.trim().replace(/:.*/u, ""))
    .filter(Boolean);
  const error = make(
    ...names.map((name) => (name === "path" ? "/<service>/<method>" : `<${name}>`)),
  );
  if (typeof error === "string") return [key, code(error)];
  const when = (row[1] ?? "")
    .replace(/[\s*]+/gu, " ")
    .replace(/\{@link (\w+)\}/gu, "`$1`")
    .trim();
  return [code(key), error.code, code(error.message), when];
}

/** What the components of all sidecars share; its domain is replaced before a caller sees it. */
async function backendErrorTable(statusName) {
  const source = await readSource("sidecar-kit/src/backend-errors.ts");
  return errorTables(await built("sidecar-kit", "backend-errors.js"), source, statusName);
}

/** Fails when the code has a reason that the list has not, or the other way round. */
async function kitErrorTable() {
  const text = await allSources("sidecar-kit");
  const found = [...text.matchAll(/\breason(?:: | = )"([A-Z_]{4,})"/gu)].map((match) => match[1]);
  const listed = Object.keys(kitErrors).sort().join(", ");
  const coded = [...new Set(found)].sort().join(", ");
  if (listed !== coded)
    throw new Error(
      `kitErrors of tools/lib/errors-page.mjs lists ${listed}; the code has ${coded}`,
    );
  const rows = Object.entries(kitErrors).map(([reason, [name, message, when]]) => [
    code(reason),
    name,
    code(message),
    when,
  ]);
  return table(["reason", "code", "message", "when"], rows);
}

async function transportErrorTable() {
  const all = await allSources("grpc-transport");
  for (const [, message] of transportErrors)
    if (!all.includes(message)) throw new Error(`Cannot find "${message}" in grpc-transport`);
  return table(
    ["code", "message", "when"],
    transportErrors.map(([name, message, when]) => [name, code(message), when]),
  );
}
