// The part of docs/reference/limits.md about functions in WebAssembly.
import { built, code, table } from "./pages.mjs";
import { fixedTable, limitRows } from "./limit-sources.mjs";

/** Limits of one function: key of the configuration, unit, what happens beyond. */
const ofFunction = {
  memoryBytes: ["memory", "bytes", "`memory.grow` gives -1; a module that begins with more is refused (MEMORY_ABOVE_LIMIT)"],
  tableElements: ["table_elements", "", "`table.grow` gives -1; a module that begins with more is refused (TABLE_ABOVE_LIMIT)"],
  moduleBytes: ["max_module_bytes", "bytes", "refused (MODULE_TOO_LARGE)"],
  timeoutMs: ["timeout", "ms", "fault `timeout`"],
  cpuMs: ["cpu", "ms", "fault `cpu`; its thread ends"],
  fuel: ["fuel", "", "fault `fuel`"],
  queue: ["queue", "", "fault `overload`"],
  streams: ["streams", "", "fault `overload`"],
  bodyBytes: ["max_body_bytes", "bytes", "413 for the caller; BAD_ARGUMENT for the guest"],
}; // prettier-ignore

/** Constants of the code: source file, name, unit, what happens there. */
const constants = [
  ["wasm-host/src/pool/threads.ts", "MAX_DEPTH", "levels", "of functions that call each other and have threads kept for them"],
  ["wasm-host/src/host/invoke-service.ts", "maxDepth", "levels", "of functions that call each other; the next call is INTERNAL_FAILURE"],
  ["wasm-host/src/pool/threads.ts", "PER_DEPTH", "threads", "beside `workers.max` for each level"],
  ["wasm-host/src/pool/threads.ts", "IDLE_MS", "ms", "after which a free thread above `workers.min` ends"],
  ["wasm-host/src/pool/worker-thread.ts", "HEAP_MB", "MiB", "of the JavaScript heap of a thread: headers and bodies on their way, not the memory of instances"],
  ["wasm-host/src/pool/watchdog.ts", "LOOK_MS", "ms", "between two looks at what runs"],
  ["wasm-host/src/pool/watchdog.ts", "LONG_MS", "ms", "after which what runs gets the lowest priority"],
  ["wasm-host/src/pool/watchdog.ts", "GRACE_MS", "ms", "beyond its time after which a guest that still runs is ended with its thread"],
  ["wasm-host/src/pool/watchdog.ts", "PREPARE_MS", "ms", "of processor time for reading and compiling a module"],
  ["wasm-host/src/pool/place.ts", "SUSPENDED_PER_THREAD", "calls", "of a function with fresh isolation on one thread, where host calls suspend"],
  ["wasm-host/src/engine.ts", "LOADS", "modules", "read, compiled and tried at once"],
  ["wasm-host/src/pool/idle-guests.ts", "GUEST_IDLE_MS", "ms", "after which an instance that nobody calls is dropped"],
  ["wasm-host/src/pool/guest-log.ts", "LINES_PER_SECOND", "lines", "of log for each version of a function; the rest is counted"],
  ["wasm-host/src/pool/guest-log.ts", "FAULTS_PER_SECOND", "lines", "about faults of a version, beside these"],
  ["wasm-host/src/abi/guest-log.ts", "maxLines", "lines", "of log in one activation"],
  ["wasm-host/src/abi/guest-log.ts", "maxCharacters", "characters", "of log in one activation"],
  ["wasm-host/src/abi/guest-log.ts", "maxLineBytes", "characters", "of one line; the rest is cut off"],
  ["wasm-host/src/host/seldom.ts", "MAX_LINES", "lines", "of log a minute about what a function was refused, each thing once"],
  ["wasm-host/src/abi/guest-memory.ts", "maxTextBytes", "bytes", "of a name or key that a guest passes: BAD_ARGUMENT"],
  ["wasm-host/src/abi/header-bytes.ts", "maxHeaderLines", "lines", "that a guest may set in one map: BAD_ARGUMENT"],
  ["wasm-host/src/abi/header-bytes.ts", "maxHeaderBytes", "bytes", "of them"],
  ["wasm-host/src/abi/property-functions.ts", "maxProperties", "properties", "that a context may set: BAD_ARGUMENT"],
  ["wasm-host/src/abi/property-functions.ts", "maxPropertyBytes", "characters", "of their names and values"],
  ["wasm-host/src/guest/exchanges.ts", "maxLingering", "contexts", "that wait for proxy_done; the oldest ends when there are more"],
  ["wasm-host/src/abi/wasi-poll.ts", "maxSleepMs", "ms", "that poll_oneoff sleeps at once; the guest asks again"],
  ["wasm-host/src/host/guest-metrics.ts", "maxMetricsPerFunction", "metrics", "that a function may define: INTERNAL_FAILURE"],
  ["wasm-host/src/host/http-client.ts", "CONNECTIONS", "connections", "of HTTP call-outs to one server"],
  ["wasm-host/src/host/http-client.ts", "CONNECT_TIMEOUT_MS", "ms", "to connect for an HTTP call-out"],
  ["wasm-host/src/host/http-client.ts", "MAX_HEADER_BYTES", "bytes", "of the headers of an answer to an HTTP call-out"],
  ["wasm-host/src/admin/admin-server.ts", "MAX_ORDER_BYTES", "bytes", "of the body of an order: 413"],
  ["wasm-host/src/install/guarded-http.ts", "maxRedirects", "redirects", "that fetching a module follows"],
  ["wasm-host/src/install/guarded-http.ts", "idleTimeoutMs", "ms", "without an octet while a module is fetched"],
  ["wasm-host/src/install/oci/descriptor.ts", "maxManifestBytes", "bytes", "of a manifest or an index"],
  ["wasm-host/src/install/oci/image.ts", "maxLayers", "layers", "of an image"],
  ["wasm-host/src/functions/installed-function.ts", "KEPT_VERSIONS", "versions", "kept for a rollback"],
  ["wasm-host/src/functions/installer.ts", "AT_A_TIME", "functions", "installed at once; others wait"],
  ["wasm-host/src/functions/installer.ts", "FIRST_RETRY_MS", "ms", "until what could not be fetched or did not start is tried again, then twice as long, and so on"],
  ["wasm-host/src/functions/installer.ts", "LONGEST_RETRY_MS", "ms", "of that at most"],
  ["wasm-host/src/functions/back-off.ts", "CRASHES_TO_REST", "crashes", "within CRASH_WINDOW_MS, at least as many as successes, after which a version rests"],
  ["wasm-host/src/functions/back-off.ts", "CRASH_WINDOW_MS", "ms", "that crashes count"],
  ["wasm-host/src/functions/back-off.ts", "FIRST_REST_MS", "ms", "of the first rest; the next is twice as long"],
  ["wasm-host/src/functions/back-off.ts", "LONGEST_REST_MS", "ms", "of a rest at most"],
  ["wasm-host/src/command/lifetimes.ts", "CALLS", "calls", "that one process of a program runs, unless `recycle.calls` says otherwise"],
  ["wasm-host/src/command/lifetimes.ts", "HIGH_WATER", "bytes", "that such a process may have grown, unless `recycle.memory` says otherwise"],
  ["wasm-host/src/command/lifetimes.ts", "IDLE_MS", "ms", "after which such a process ends when nobody calls its program"],
  ["wasm-host/src/command/command-watch.ts", "ROOM_BYTES", "bytes", "of memory that such a process may take beside that of its program and its bodies"],
  ["wasm-host/src/command/command-watch.ts", "START_MS", "ms", "for such a process to load its program"],
  ["wasm-host/src/sidecar.ts", "maxMessageBytes", "bytes", "of a phase of a call that gateway or mesh ask a function about"],
  ["wasm-host/src/wasm-process.ts", "START_WAIT_MS", "ms", "that listeners wait at the start for functions to be installed"],
  ["wasm-host/src/observe/families.ts", "MAX_LABELS", "functions", "with metrics of their own; the rest is summed up"],
]; // prettier-ignore

export async function functionLimits() {
  return [
    "## Functions in WebAssembly",
    "What each means is in [wasm/limits.md](../wasm/limits.md).",
    "### One function",
    "Keys of an entry of `wasm.functions`.",
    await functionTable(),
    "### A module",
    "A module with more of one of these is refused (UNSUPPORTED_MODULE, or INVALID_MODULE where V8 has the same limit).",
    await moduleTable(),
    "### Call-outs",
    await plainTable("host/call-outs", "CallOutLimits", "callOutLimits"),
    "### Shared data",
    "More is refused with INTERNAL_FAILURE; nothing is dropped for it.",
    await plainTable("host/shared-data", "SharedDataLimits", "sharedDataLimits"),
    "### Shared queues",
    await plainTable("host/shared-queues", "SharedQueueLimits", "sharedQueueLimits"),
    "### Constants of wasm-host",
    await fixedTable(constants),
  ];
}

async function functionTable() {
  const rows = await limitRows("wasm-host", "model/definition", "Limits", "defaultLimits");
  return table(
    ["key", "default", "what it bounds", "beyond it"],
    rows.map(({ key, value, text }) => {
      if (!(key in ofFunction))
        throw new Error(`ofFunction of tools/lib/wasm-limits-page.mjs lacks ${key}`);
      const [name, unit, beyond] = ofFunction[key];
      return [code(name), `${value} ${unit}`, text, beyond];
    }),
  );
}

async function moduleTable() {
  const { bounds } = await built("wasm-host", "module/bounds.js");
  const rows = Object.entries(bounds).map(([name, value]) => [code(name), value]);
  return table(["name", "most"], rows);
}

async function plainTable(module, type, constant) {
  const rows = await limitRows("wasm-host", module, type, constant);
  return table(
    ["name", "value", "what it bounds"],
    rows.map(({ key, value, text }) => [code(key), value, text]),
  );
}
