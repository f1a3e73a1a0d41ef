import type { ConfigMap } from "./config-map.ts";
import { readDefinition } from "./read-definition.ts";
import { readSources } from "./read-source.ts";
import type { FunctionRoute, FunctionSettings } from "./settings.ts";

/** What an entry of `functions` is read with. */
export interface FunctionContext {
  /** Where relative paths begin. */
  readonly baseDir: string;
  /** Default of `instance_num`. */
  readonly cpus: number;
  /** What `from_wasm_plugin` refers to, by name. */
  readonly plugins: ReadonlyMap<string, ConfigMap>;
}

/** Reads one function. That it needs a source is for the caller to say: watched folders are one, too. */
export function readFunction(
  name: string,
  node: ConfigMap,
  context: FunctionContext,
): FunctionSettings {
  if (!isFunctionName(name)) {
    node.fault(undefined, "must be named with 1 to 200 ASCII characters, no blanks and no slashes");
  }
  const plugin = readPlugin(node, context);
  const vm = node.child("vm_config") ?? plugin?.child("vm_config");
  return {
    name,
    sources: readSources(node, vm, context.baseDir),
    definition: readDefinition(
      name,
      plugin === undefined ? [node] : [node, plugin],
      vm,
      context.cpus,
    ),
    routes: node.children("routes").map(readRoute),
  };
}

/** Names are ids in headers, parts of file names and labels of metrics. */
export function isFunctionName(name: string): boolean {
  return /^[!-.0-[\]-~]{1,200}$/.test(name);
}

function readPlugin(node: ConfigMap, { plugins }: FunctionContext): ConfigMap | undefined {
  const name = node.text("from_wasm_plugin");
  const found = name === undefined ? undefined : plugins.get(name);
  if (name !== undefined && found === undefined) {
    node.fault("from_wasm_plugin", `there is no plugin "${name}": name one of wasm.plugins`);
  }
  return found;
}

function readRoute(node: ConfigMap): FunctionRoute {
  const [host, path, prefix] = [node.text("host"), node.text("path"), node.text("prefix")];
  if (path !== undefined && prefix !== undefined) {
    node.fault("prefix", "must not be given beside path: use one route for each");
  }
  if (host === undefined && path === undefined && prefix === undefined) {
    node.fault(undefined, "needs host, path or prefix");
  }
  for (const [key, value] of [
    ["path", path],
    ["prefix", prefix],
  ] as const) {
    if (value !== undefined && !value.startsWith("/")) node.fault(key, 'must begin with "/"');
  }
  return {
    ...(host === undefined ? {} : { host: host.toLowerCase() }),
    ...(path === undefined ? {} : { path }),
    ...(prefix === undefined ? {} : { prefix }),
  };
}
