// The part of docs/reference/errors.md about functions in WebAssembly over HTTP: answers of the listeners, and refusals
// of the admin listener.
import { built, code, readSource, table } from "./pages.mjs";

/** Answers of the listener that no fault of a guest gives: status, reason, when. Compared with the code. */
const listenerErrors = [
  ["404", "FUNCTION_UNKNOWN", "no function has this id, and no route fits"],
  ["413", "BODY_TOO_LARGE", "the body is larger than `max_body_bytes` of the function"],
  ["502", "FUNCTION_FAILED", "the function answered with a status outside of 200 to 599"],
];

/** Reason of a refusal → HTTP status, when. Compared with the code. */
const refusals = {
  INVALID_BODY: ["400, 422, or 500 as in Layotto", "the body is no JSON object, has an unknown key or a value of the wrong type; the text names all of them"],
  NAME_MISSING: ["500, as in Layotto", "no `name`"],
  NAME_TAKEN: ["500, as in Layotto", "a function has this name, or reports it as its id"],
  NOT_REGISTERED: ["500, as in Layotto", "no function has this name or id"],
  ORDER_NOT_KEPT: ["500", "the order cannot be written to `data_dir`; it was not carried out (an order to uninstall was, until the next start)"],
  INVALID_INSTANCES: ["400, or 500 as in Layotto", "`instance_num` is no whole number from 1 to 4096"],
  NO_SOURCE: ["400, or 500 as in Layotto", "nothing says where the module is"],
  SOURCE_UNREADABLE: ["400, 422, 502 or 504", "file, URL or image cannot be read: not there (400, 422), a server's fault (502), too slow (504)"],
  SOURCE_NOT_ALLOWED: ["403", "the URL or registry is not on the allow list, or its host stands for a private address"],
  DIGEST_MISMATCH: ["400", "`sha256` or `md5` is another one; both are named"],
  NOT_A_MODULE: ["422", "the file is empty, torn, a component, or something else; the text says what it looks like"],
  INVALID_MODULE: ["422", "broken, does not compile, or takes too long to"],
  UNSUPPORTED_MODULE: ["422", "64-bit or shared memory, several memories, more of something than is allowed"],
  MODULE_TOO_LARGE: ["413 or 422", "above `max_module_bytes`: while it is read (413), as it is (422)"],
  MEMORY_ABOVE_LIMIT: ["422", "its memory begins above `memory`"],
  TABLE_ABOVE_LIMIT: ["422", "a table begins above `table_elements`"],
  UNKNOWN_IMPORT: ["422", "imports that this host does not have, by name"],
  EXPORT_MISSING: ["422", "no memory, or no `_start` for the adapter wasi-command"],
  START_FAILED: ["422", "it trapped, ran too long, or refused in `proxy_on_vm_start` or `proxy_on_configure`"],
  VERSION_UNKNOWN: ["404", "rollback: no such version is kept"],
  UNAUTHENTICATED: ["401 or 403", "no or a wrong token (401); without a token: requests of web pages and for other host names (403)"],
  INTERNAL: ["500", "a fault of this program; the log has it"],
}; // prettier-ignore

/** In the type, and not made by any code. */
const unused = ["FUNCTION_UNKNOWN", "TOO_MANY"];

export async function wasmErrors() {
  return [
    "### Answers of the listener",
    'JSON, `{"error": {"reason": …, "message": …}}`. Faults of a function bear their kind in `x-layotto-wasm-fault`; those that pass have `retry-after`.',
    await faultTable(),
    table(
      ["HTTP", "reason", "when"],
      listenerErrors.map(([status, reason, when]) => [status, code(reason), when]),
    ),
    "### Refusals of the admin listener",
    'JSON, `{"error": TEXT, "reason": REASON}`; texts that Layotto has come as it sends them: status 500 and no reason. The same texts stand in the log and as `fault` in `GET /wasm/list` when a module comes from the configuration or a watched folder.',
    await refusalTable(),
  ];
}

/** Kinds of faults with their comments, and what the code makes of them. */
async function faultTable() {
  const { faultAnswer } = await built("wasm-host", "http/fault-answer.js");
  const source = await readSource("wasm-host/src/model/fault.ts");
  const kinds = [...source.matchAll(/\/\*\* ([^*]*?)\.? \*\/\s*\| "([\w-]+)"/gu)];
  if (kinds.length !== [...source.matchAll(/^\s*\| "/gmu)].length)
    throw new Error("Cannot read a comment of FaultKind");
  const rows = kinds.map(([, comment, kind]) => {
    const { status, body } = faultAnswer({ kind, message: "" });
    return [code(kind), status, code(JSON.parse(body.toString()).error.reason), comment];
  });
  return table(["fault", "HTTP", "reason", "when"], rows);
}

async function refusalTable() {
  const source = await readSource("wasm-host/src/errors.ts");
  const body = source.slice(source.indexOf("export type WasmReason"));
  const coded = [...body.slice(0, body.indexOf(";\n")).matchAll(/\| "([A-Z_]+)"/gu)].map(
    ([, reason]) => reason,
  );
  const listed = Object.keys(refusals);
  const missing = coded.filter((each) => !listed.includes(each) && !unused.includes(each));
  const extra = listed.filter((each) => !coded.includes(each));
  if (missing.length + extra.length > 0)
    throw new Error(
      `refusals of tools/lib/wasm-errors-page.mjs lacks ${missing.join(", ")}; the code lacks ${extra.join(", ")}`,
    );
  const rows = Object.entries(refusals).map(([reason, [status, when]]) => [
    code(reason),
    status,
    when,
  ]);
  return table(["reason", "HTTP", "when"], rows);
}
