import { once } from "node:events";
import { createServer as plainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as tlsServer, type ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { freePort } from "@layotto/sidecar-kit/testing";
import type { EndpointSlice } from "../endpoint-slice.ts";

interface Watcher {
  readonly response: ServerResponse;
  readonly service: string;
}

interface Change {
  readonly version: number;
  readonly service: string;
  readonly line: string;
}

/** As much of a Kubernetes API server as list and watch of EndpointSlices in one namespace want. */
export class FakeApiServer {
  /** Paths and queries that were asked for. */
  readonly requests: string[] = [];
  /** The token that callers must have. */
  token = "token-1";
  /** Slices of one answer at most. */
  pageSize = 500;
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #tls: ServerOptions | undefined;
  #server: ReturnType<typeof plainServer> | undefined;
  /** Of the server itself, since it forgets those that are about to speak TLS. */
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #version = 100;

  private constructor(tls: ServerOptions | undefined) {
    this.#tls = tls;
  }

  static async start(tls?: ServerOptions): Promise<FakeApiServer> {
    const server = new FakeApiServer(tls);
    server.#port = await freePort();
    await server.restart();
    return server;
  }

  get url(): string {
    return `${this.#tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  async restart(): Promise<void> {
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      this.#handle(request, response);
    this.#server = this.#tls === undefined ? plainServer(handle) : tlsServer(this.#tls, handle);
    this.#server.listen(this.#port, "127.0.0.1");
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    await once(this.#server, "listening");
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#watchers.clear();
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Watches that are open. */
  get watching(): number {
    return this.#watchers.size;
  }

  /** Ends all watches as the server does when their time is over. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  /** Tells all watches that their version is no longer kept. */
  expireWatches(thenEnd = true): void {
    const object = { kind: "Status", code: 410 };
    const line = `${JSON.stringify({ type: "ERROR", object })}\n`;
    for (const { response } of this.#watchers) response.write(line);
    if (thenEnd) this.endWatches();
  }

  /** Forgets what changed so far: watches from an earlier version get 410. */
  compact(): void {
    this.#changes.length = 0;
    this.#version += 1000;
  }

  put(service: string, name: string, slice: Omit<EndpointSlice, "metadata">): void {
    const type = this.#slices.has(name) ? "MODIFIED" : "ADDED";
    this.#version += 1;
    const labels = { "kubernetes.io/service-name": service };
    const metadata = { name, namespace: "shop", labels, resourceVersion: String(this.#version) };
    const whole: EndpointSlice = { ...slice, metadata };
    this.#slices.set(name, whole);
    this.#changed(type, service, whole);
  }

  remove(name: string): void {
    const slice = this.#slices.get(name);
    if (slice === undefined) return;
    this.#slices.delete(name);
    this.#version += 1;
    const metadata = { ...slice.metadata, resourceVersion: String(this.#version) };
    this.#changed("DELETED", serviceOf(slice), { ...slice, metadata });
  }

  #changed(type: string, service: string, object: EndpointSlice): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#changes.push({ version: this.#version, service, line });
    for (const watcher of this.#watchers) {
      if (watcher.service === service) watcher.response.write(line);
    }
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://api");
    this.requests.push(url.pathname + url.search);
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end('{"kind":"Status","code":401}');
    } else if (url.pathname !== "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices") {
      response.writeHead(403).end('{"kind":"Status","code":403}');
    } else {
      response.writeHead(200, { "content-type": "application/json" });
      if (url.searchParams.has("watch")) this.#watch(url.searchParams, response);
      else response.end(this.#list(url.searchParams));
    }
  }

  #list(query: URLSearchParams): string {
    const service = selectorOf(query);
    const all = [...this.#slices.values()].filter((each) => service === "" || serviceOf(each) === service); // prettier-ignore
    const from = Number(query.get("continue") ?? 0);
    const to = from + Math.min(this.pageSize, Number(query.get("limit") ?? 500));
    const more = to < all.length ? { continue: String(to) } : {};
    const metadata = { resourceVersion: String(this.#version), ...more };
    return JSON.stringify({ kind: "EndpointSliceList", metadata, items: all.slice(from, to) });
  }

  #watch(query: URLSearchParams, response: ServerResponse): void {
    const service = selectorOf(query);
    const from = Number(query.get("resourceVersion"));
    const oldest = this.#changes[0]?.version ?? this.#version;
    if (from < oldest - 1) {
      const object = { kind: "Status", code: 410 };
      response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
      return;
    }
    response.flushHeaders();
    for (const change of this.#changes) {
      if (change.version > from && change.service === service) response.write(change.line);
    }
    const watcher = { response, service };
    this.#watchers.add(watcher);
    response.once("close", () => this.#watchers.delete(watcher));
  }
}

function selectorOf(query: URLSearchParams): string {
  return (query.get("labelSelector") ?? "").replace("kubernetes.io/service-name=", "");
}

function serviceOf({ metadata }: EndpointSlice): string {
  return metadata?.labels?.["kubernetes.io/service-name"] ?? "";
}
