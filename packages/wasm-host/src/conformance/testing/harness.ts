import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GrpcError } from "@layotto/grpc-transport";
import { createLogger, Metrics, systemClock } from "@layotto/sidecar-kit";
import { createEngine } from "../../engine.ts";
import { createHostServices } from "../../host/host-services.ts";
import { noCapabilities } from "../../model/capabilities.ts";
import type { Engine, EngineStream, LoadedVersion } from "../../model/engine.ts";
import type { GuestHost } from "../../model/guest-host.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "../../model/streams.ts";
import { definitionOf, type DefinitionParts } from "../../testing/engine.ts";
import { wat } from "../../testing/wat.ts";

/** An engine with the host services that it runs with, and one upstream: `catalog`, which answers 200 with a body. */
export class Harness {
  readonly engine: Engine;
  readonly #services: ReturnType<typeof createHostServices>;
  readonly #server: Server;
  readonly #lines: string[] = [];
  #waiting: (() => void)[] = [];

  private constructor(server: Server, hostCalls: "atomics" | "jspi", wrap: (host: GuestHost) => GuestHost) {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const logger = createLogger({ name: "guest", level: "trace", write: (text) => this.#take(text) });
    this.#server = server;
    this.#services = createHostServices({
      runtime: {
        unary: () => (_request, _options, done) => done(new GrpcError(14, "there is none here"), undefined),
      },
      appId: "app",
      outbound: { catalog: `127.0.0.1:${port}` },
      invokeLocal: () => false,
      metrics: new Metrics(),
      logger: createLogger({ name: "host", level: "off", write: () => {} }),
      clock: systemClock,
    });
    this.engine = createEngine({ host: wrap(this.#services), logger, workers: { min: 1, max: 3 }, hostCalls });
  } // prettier-ignore

  /** @param wrap may answer some host calls itself */
  static async open(
    hostCalls: "atomics" | "jspi",
    wrap: (host: GuestHost) => GuestHost = (host) => host,
  ): Promise<Harness> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "x-from": "catalog" }).end("hello");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Harness(server, hostCalls, wrap);
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.#services.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Loads a guest, as text or built; lines of other guests are forgotten. */
  async load(
    text: string | Uint8Array,
    name: string,
    parts: DefinitionParts = {},
  ): Promise<LoadedVersion> {
    this.#lines.length = 0;
    const capabilities = { ...noCapabilities, outbound: ["catalog"], ...parts.capabilities };
    const bytes = typeof text === "string" ? await wat(text) : text;
    return this.engine.load(bytes, definitionOf(name, { ...parts, capabilities }));
  }

  /** Opens an exchange that is led by hand. */
  exchange(version: LoadedVersion, input: Partial<StreamInput> = {}): Exchange {
    return new Exchange(this.engine, version, { ...plainRequest, ...input });
  }

  /** Opens an exchange with a guest of its own, and ends it after its first output. */
  async once(text: string, name: string, input: Partial<StreamInput> = {}): Promise<StreamOutput> {
    const loaded = await this.load(text, name);
    const exchange = this.exchange(loaded, input);
    const output = await exchange.output();
    exchange.close();
    await this.engine.unload(loaded);
    return output;
  }

  /** What guests have reported since the last load, one line for each callback. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Resolves when as many lines as said begin with a text; rejects after 10 s. */
  async reported(start: string, count = 1): Promise<string[]> {
    const deadline = performance.now() + 10_000;
    for (;;) {
      const found = this.#lines.filter((line) => line.startsWith(start));
      if (found.length >= count) return found;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`no line begins with "${start}": ${this.#lines.join(" | ")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #take(text: string): void {
    for (const line of text.trimEnd().split("\n"))
      this.#lines.push(String((JSON.parse(line) as Record<string, unknown>)["msg"]));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** One exchange with a guest: its outputs in the order in which they come. */
export class Exchange {
  readonly #stream: EngineStream;
  readonly #outputs: StreamOutput[] = [];
  #wanted: ((output: StreamOutput) => void) | undefined;

  constructor(engine: Engine, version: LoadedVersion, input: StreamInput) {
    const onOutput = (output: StreamOutput): void => {
      const wanted = this.#wanted;
      this.#wanted = undefined;
      if (wanted === undefined) this.#outputs.push(output);
      else wanted(output);
    };
    this.#stream = engine.open(version, input, { onOutput });
  }

  /** The next output. */
  output(): Promise<StreamOutput> {
    const output = this.#outputs.shift();
    if (output !== undefined) return Promise.resolve(output);
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  /** Begins the response phase, and waits for what comes of it. */
  respond(input: Partial<PhaseInput> = {}): Promise<StreamOutput> {
    this.#stream.next({ ...plainResponse, ...input });
    return this.output();
  }

  close(): void {
    this.#stream.close();
  }
}

/** Octets of their own: they are sent to another thread. */
export function octets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

const plainRequest: StreamInput = {
  mode: "filter",
  phase: "request",
  headers: [":method", "POST", ":path", "/shop?name=book1", ":authority", "shop.example", "x-one", "1"],
  body: undefined,
  trailers: undefined,
  bodyFollows: false,
  properties: [],
}; // prettier-ignore

const plainResponse: PhaseInput = {
  phase: "response",
  headers: [":status", "200", "x-two", "2"],
  body: undefined,
  trailers: undefined,
  bodyFollows: false,
};
