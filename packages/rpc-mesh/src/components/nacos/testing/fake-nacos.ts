import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Socket } from "node:net";
import { freePort } from "@layotto/sidecar-kit/testing";

/** What a fake Nacos knows of an instance. */
export interface FakeInstance {
  readonly service: string;
  readonly values: Record<string, string>;
  beats: number;
}

/** A server with the parts of Nacos' HTTP API that clients use; remembers until it is told to forget. */
export class FakeNacos {
  readonly instances = new Map<string, FakeInstance>();
  /** Requests: `"GET /nacos/v1/ns/instance/list"`. */
  readonly requests: string[] = [];
  /** The versions that it has. */
  versions: readonly string[] = ["v1", "v3"];
  /** When set, calls need a token of this user. */
  user: { name: string; password: string } | undefined;
  /** When set, what lists are answered with. */
  garbled: unknown;
  #tokens = 0;
  #validToken = "";
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #server: Server | undefined;

  static async start(): Promise<FakeNacos> {
    const nacos = new FakeNacos();
    nacos.#port = await freePort();
    await nacos.restart();
    return nacos;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async restart(): Promise<void> {
    this.#server = createServer((request, response) => void this.#handle(request, response));
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
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Tokens are no longer valid, as after a restart with another key. */
  forgetTokens(): void {
    this.#validToken = "";
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://nacos");
    const form = new URLSearchParams(await text(request));
    const values = { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(form) };
    this.requests.push(`${request.method} ${url.pathname}`);
    const { status, body } = this.#answer(request.method ?? "", url.pathname, values);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  #answer(method: string, path: string, values: Record<string, string>) {
    const [, root, version = "", ...rest] = path.split("/");
    if (root !== "nacos" || !this.versions.includes(version)) return reply("no such page", 404);
    const name = rest.join("/");
    if (name.endsWith("login")) return this.#signIn(values);
    if (this.user !== undefined && values["accessToken"] !== this.#validToken) {
      return reply("<html>token invalid</html>", 403);
    }
    if (this.garbled !== undefined && name.endsWith("/list")) return reply(this.garbled);
    if (version === "v1") return this.#v1(`${method} ${name}`, values);
    return this.#v3(`${method} ${name}`, values);
  }

  #signIn({ username, password }: Record<string, string>) {
    if (username !== this.user?.name || password !== this.user?.password) {
      return reply("unknown user!", 403);
    }
    this.#tokens += 1;
    this.#validToken = `token-${this.#tokens}`;
    return reply({ accessToken: this.#validToken, tokenTtl: 18_000, globalAdmin: true });
  }

  #v1(call: string, values: Record<string, string>) {
    switch (call) {
      case "GET ns/instance/list":
        return reply({ name: serviceOf(values), cacheMillis: 200, checksum: "", hosts: this.#list(values, values["clusters"]) }); // prettier-ignore
      case "POST ns/instance":
        this.#register(values);
        return reply("ok");
      case "PUT ns/instance/beat":
        return reply({ clientBeatInterval: 100, code: this.#beat(values) ? 10_200 : 20_404, lightBeatEnabled: true }); // prettier-ignore
      case "DELETE ns/instance":
        this.instances.delete(keyOf(values));
        return reply("ok");
      default:
        return reply("no such page", 404);
    }
  }

  #v3(call: string, values: Record<string, string>) {
    const wrap = (data: unknown, code = 0) => reply({ code, message: "success", data });
    switch (call) {
      case "GET client/ns/instance/list":
        return wrap(this.#list(values, values["clusterName"]));
      case "POST client/ns/instance":
        if (values["heartBeat"] !== "true") this.#register(values);
        else if (!this.#beat(values)) return wrap(null, 21_003);
        return wrap("ok");
      case "DELETE client/ns/instance":
        this.instances.delete(keyOf(values));
        return wrap("ok");
      default:
        return reply("no such page", 404);
    }
  }

  #register(values: Record<string, string>): void {
    this.instances.set(keyOf(values), { service: serviceOf(values), values, beats: 0 });
  }

  #beat(values: Record<string, string>): boolean {
    const found = this.instances.get(keyOf(values));
    if (found !== undefined) found.beats += 1;
    return found !== undefined;
  }

  #list(asked: Record<string, string>, clusters = "") {
    const wanted = clusters.split(",");
    return [...this.instances.values()]
      .filter(({ service, values }) => {
        const isCluster = clusters === "" || wanted.includes(values["clusterName"] ?? "");
        return service === serviceOf(asked) && isCluster;
      })
      .map(({ values }) => ({
        ip: values["ip"],
        port: Number(values["port"]),
        weight: Number(values["weight"]),
        healthy: values["healthy"] === "true",
        enabled: values["enabled"] === "true",
        clusterName: values["clusterName"],
        metadata: JSON.parse(values["metadata"] ?? "{}") as unknown,
      }));
  }
}

function serviceOf({ namespaceId, groupName, serviceName }: Record<string, string>): string {
  return `${namespaceId}/${groupName}/${serviceName}`;
}

function keyOf(values: Record<string, string>): string {
  return `${serviceOf(values)} ${values["clusterName"]} ${values["ip"]}:${values["port"]}`;
}

function reply(body: unknown, status = 200) {
  return { status, body };
}
