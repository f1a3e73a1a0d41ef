import type { ConfigFault } from "./fault.ts";
import { type FoundListener, isProxyListener, meshSection } from "./layotto-mesh.ts";
import { WasmSection, isWasmListener } from "./layotto-wasm.ts";
import { xdsSection } from "./layotto-xds.ts";
import type { Place } from "./place.ts";
import { isRecord } from "./record.ts";

type Path = readonly PropertyKey[];
type Node = Record<string, unknown>;

/** What {@link extractLayotto} finds. */
export interface Extracted {
  sections: Record<string, unknown>;
  paths: Record<string, Path>;
  places: Place[];
  faults: ConfigFault[];
  warnings: ConfigFault[];
}

/** Whether a file is a MOSN file with the runtime's sections nested in it. */
export function isLayottoShape(root: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(root["servers"]);
}

/**
 * Takes the runtime's sections out of a MOSN file: they are at
 * `servers[0].listeners[*].filter_chains[0].filters[type=grpc].config.grpc_config`. The listener around them becomes
 * `gateway.listen`, the listener with an `actuator_filter` becomes `gateway.actuator`, the default log level becomes
 * `log.level`. Listeners that forward become the section `mesh`, with their routers and all clusters; those that
 * run WebAssembly or manage it become the section `wasm`; flow control and the traffic dump of the runtime's listener
 * become `gateway.flowControl` and `gateway.tcpcopy`, as they are. What else MOSN could do is warned about by path.
 */
export function extractLayotto(root: Node, faults: ConfigFault[]): Extracted {
  const reader = new EnvelopeReader(root, faults);
  reader.read();
  return reader;
}

const knownKeys = {
  root: ["servers", "cluster_manager", "tracing", "metrics", "pprof", "dynamic_resources", "static_resources", "node", "admin", "wasm_global_plugins"],
  server: ["default_log_path", "default_log_level", "routers", "listeners", "mosn_server_name", "global_log_roller", "processor"],
  listener: ["name", "address", "bind_port", "network", "type", "filter_chains", "stream_filters", "access_logs", "inspector", "use_original_dst", "connection_idle_timeout", "default_read_buffer_size", "log_path", "log_level", "listener_filters", "reuse_port"],
  chain: ["filters", "match", "tls_context", "tls_context_set"],
  filter: ["type", "config", "go_plugin_config"],
  grpc: ["server_name", "grpc_config", "graceful_stop_timeout"],
} as const; // prettier-ignore

/** Stream filters of the gRPC listener that need no warning: what they do is always on. */
const builtInStreamFilters = new Set(["grpc_metric", "actuator_filter"]);

class EnvelopeReader implements Extracted {
  readonly sections: Record<string, unknown> = {};
  readonly paths: Record<string, Path> = {};
  readonly places: Place[] = [];
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[] = [];
  readonly #root: Node;
  readonly #gateway: Node = {};
  readonly #proxies: FoundListener[] = [];
  readonly #wasm = new WasmSection();

  constructor(root: Node, faults: ConfigFault[]) {
    this.#root = root;
    this.faults = faults;
  }

  read(): void {
    this.#unknownKeys(this.#root, knownKeys.root, []);
    this.#readRoot();
    this.#list(this.#root, "servers", []).forEach((server, index) => {
      const path = ["servers", index];
      if (index === 0) this.#readServer(server, path);
      else this.#warn(path, "is ignored: only the first server is used");
    });
    this.#readMesh();
    this.#readWasm();
    const [found] = Object.values(this.paths);
    if (found === undefined) this.#fault(["servers", 0, "listeners"], noRuntime);
    if (Object.keys(this.#gateway).length > 0) this.sections["gateway"] = this.#gateway;
  }

  #readRoot(): void {
    const { tracing, metrics, pprof } = this.#root;
    if (isRecord(tracing) && tracing["enable"] === true) {
      this.#warn(["tracing"], "is not supported yet: no spans are written");
    }
    if (pprof !== undefined)
      this.#warn(["pprof"], "is not supported: use node --inspect or --cpu-prof");
    if (this.#root["admin"] !== undefined) this.#warn(["admin"], "is not supported");
    if (isRecord(metrics)) this.#readMetrics(metrics);
  }

  #readMetrics(metrics: Node): void {
    this.#list(metrics, "sinks", ["metrics"]).forEach((sink, index) => {
      const path = ["metrics", "sinks", index];
      const port = isRecord(sink["config"]) ? sink["config"]["port"] : undefined;
      if (sink["type"] !== "prometheus")
        this.#warn(path, `sink "${String(sink["type"])}" is not supported`);
      else if (Number.isInteger(port)) this.#warn([...path, "config", "port"], prometheusElsewhere);
    });
  }

  /** The mesh runs when something comes in: through a listener, or by InvokeService. */
  #readMesh(): void {
    const clusters = this.#root["cluster_manager"];
    const [first] = this.#proxies;
    const xds = first === undefined ? undefined : xdsSection(this.#root);
    if (xds === undefined) this.#warnXds();
    if (first === undefined) {
      if (isRecord(clusters) && this.#list(clusters, "clusters", ["cluster_manager"]).length > 0) {
        this.#warn(
          ["cluster_manager", "clusters"],
          "is not used: no listener forwards to clusters",
        );
      }
      return;
    }
    const server = this.#list(this.#root, "servers", [])[0] ?? {};
    const { section, places } = meshSection({
      listeners: this.#proxies,
      routers: this.#list(server, "routers", ["servers", 0]),
      routersPath: ["servers", 0, "routers"],
      clusterManager: clusters,
    });
    if (xds !== undefined) {
      section["xds"] = xds;
      places.push({ of: ["mesh", "xds"], at: ["dynamic_resources"] });
    }
    this.#section("mesh", section, first.path);
    this.places.push(...places);
  }

  #readWasm(): void {
    const wasm = this.#wasm;
    const path = ["wasm_global_plugins"];
    wasm.addPlugins(this.#list(this.#root, "wasm_global_plugins", []), path);
    if (wasm.path !== undefined) {
      this.#section("wasm", wasm.section(), wasm.path);
      if (this.sections["rpcs"] !== undefined) {
        this.sections["rpcs"] = wasm.withChannels(this.sections["rpcs"]);
      }
    }
    this.places.push(...wasm.places);
    this.faults.push(...wasm.faults);
    this.warnings.push(...wasm.warnings);
  }

  /** Only a management server that a listener is there for, and that can be found, is asked. */
  #warnXds(): void {
    for (const key of ["dynamic_resources", "static_resources"]) {
      if (this.#root[key] === undefined) continue;
      const cure = "put the management server into mesh.xds of a flat file";
      this.#warn([key], `is not used; ${cure}`);
    }
  }

  #readServer(server: Node, path: Path): void {
    this.#unknownKeys(server, knownKeys.server, path);
    const level = server["default_log_level"];
    if (typeof level === "string")
      this.#section("log", { level: level.toLowerCase() }, [...path, "default_log_level"]);
    this.#list(server, "listeners", path).forEach((listener, index) => {
      this.#readListener(listener, [...path, "listeners", index]);
    });
  }

  #readListener(listener: Node, path: Path): void {
    // Whoever serves it checks the rest.
    if (isProxyListener(listener)) {
      this.#proxies.push({ node: listener, path });
      return;
    }
    this.#unknownKeys(listener, knownKeys.listener, path);
    const streamFilters = this.#list(listener, "stream_filters", path);
    const grpc = this.#grpcFilter(listener, path);
    if (grpc !== undefined) {
      this.#readStreamFilters(streamFilters, path);
      this.#readGrpc(grpc.config, grpc.path);
      this.#address(listener, "listen", path);
    } else if (streamFilters.some((filter) => filter["type"] === "actuator_filter")) {
      this.#address(listener, "actuator", path);
    } else if (isWasmListener(streamFilters)) {
      const address = this.#addressOf(listener, path);
      this.#wasm.add({ node: listener, path, address, filters: streamFilters });
    } else {
      const name = typeof listener["name"] === "string" ? `"${listener["name"]}" ` : "";
      this.#warn(
        path,
        `listener ${name}is not served: it is neither the runtime's, nor the actuator's, nor does it forward or run WebAssembly`,
      );
    }
  }

  #grpcFilter(listener: Node, path: Path): { config: Node; path: Path } | undefined {
    let found: { config: Node; path: Path } | undefined;
    this.#list(listener, "filter_chains", path).forEach((chain, chainIndex) => {
      const chainPath = [...path, "filter_chains", chainIndex];
      this.#unknownKeys(chain, knownKeys.chain, chainPath);
      this.#list(chain, "filters", chainPath).forEach((filter, index) => {
        const filterPath = [...chainPath, "filters", index];
        this.#unknownKeys(filter, knownKeys.filter, filterPath);
        if (filter["type"] === "grpc") {
          if (isRecord(filter["config"]))
            found ??= { config: filter["config"], path: [...filterPath, "config"] };
          else this.#fault([...filterPath, "config"], "is missing");
        } else if (filter["type"] === "tcpcopy") this.#gatewayPart("tcpcopy", filter, filterPath);
      });
    });
    return found;
  }

  #readGrpc(config: Node, path: Path): void {
    this.#unknownKeys(config, knownKeys.grpc, path);
    if (config["graceful_stop_timeout"] !== undefined) {
      this.#warn([...path, "graceful_stop_timeout"], "is ignored: set LAYOTTO_GRACE_MS");
    }
    const sections = config["grpc_config"];
    if (!isRecord(sections)) {
      this.#fault([...path, "grpc_config"], "must hold the runtime's sections");
      return;
    }
    for (const [section, content] of Object.entries(sections)) {
      this.#section(section, content, [...path, "grpc_config", section]);
    }
  }

  #readStreamFilters(filters: Node[], path: Path): void {
    filters.forEach((filter, index) => {
      const type = String(filter["type"]);
      const filterPath = [...path, "stream_filters", index];
      if (type === "flowControlFilter") this.#gatewayPart("flowControl", filter, filterPath);
      else if (!builtInStreamFilters.has(type)) {
        this.#warn(filterPath, `stream filter "${type}" is not supported yet`);
      }
    });
  }

  /** What a filter is configured with is handed on as it is; the first of a kind holds. */
  #gatewayPart(key: "flowControl" | "tcpcopy", filter: Node, path: Path): void {
    if (this.#gateway[key] !== undefined) {
      this.#warn(path, `is ignored: there is a filter "${String(filter["type"])}" before it`);
      return;
    }
    this.#gateway[key] = filter["config"] ?? {};
    this.places.push({ of: ["gateway", key], at: [...path, "config"] });
    this.paths["gateway"] ??= path.slice(0, 4);
  }

  #address(listener: Node, key: "listen" | "actuator", path: Path): void {
    const address = this.#addressOf(listener, path);
    if (address === undefined) return;
    this.#gateway[key] = address;
    this.paths["gateway"] ??= path;
  }

  #addressOf(listener: Node, path: Path): string | undefined {
    const address = listener["address"];
    if (typeof address === "string" && address !== "") {
      return listener["network"] === "unix" ? `unix:${address}` : address;
    }
    this.#fault([...path, "address"], "must be an address, e.g. 127.0.0.1:34904");
    return undefined;
  }

  #section(name: string, content: unknown, path: Path): void {
    this.sections[name] = content;
    this.paths[name] = path;
  }

  #unknownKeys(node: Node, known: readonly string[], path: Path): void {
    for (const key of Object.keys(node)) {
      if (!known.includes(key)) this.#warn([...path, key], "unknown key, ignored");
    }
  }

  /** The maps of a list; anything else in it is a fault. */
  #list(node: Node, key: string, path: Path): Node[] {
    const value = node[key];
    if (value === undefined || value === null) return [];
    if (Array.isArray(value) && value.every(isRecord)) return value;
    this.#fault([...path, key], "must be a list of maps");
    return [];
  }

  #warn(path: Path, message: string): void {
    this.warnings.push({ path, message });
  }

  #fault(path: Path, message: string): void {
    this.faults.push({ path, message });
  }
}

const noRuntime = 'no listener has a filter of type "grpc" with config.grpc_config: nothing to run';
const prometheusElsewhere =
  "is not opened: metrics are at /actuator/metrics of the actuator's address";
