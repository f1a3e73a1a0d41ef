import { type IncomingMessage, type ClientRequest, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { createInterface } from "node:readline";
import { backendErrors, systemClock } from "@layotto/sidecar-kit";
import type { KubeAccess } from "./access.ts";

/** More is no list of endpoints. */
const MAX_BYTES = 64 * 1024 * 1024;

/** An answer of the API that is no success. */
export class KubeError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(`the API server answers ${status} ${detail.slice(0, 200)}`);
    this.status = status;
  }
}

/** An event of a watch. */
export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/** How long a request may take, and when it is given up. */
export interface KubeRequest {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** GET requests to the API of a cluster. */
export class KubeApi {
  readonly #access: KubeAccess;

  constructor(access: KubeAccess) {
    this.#access = access;
  }

  get namespace(): string {
    return this.#access.namespace;
  }

  /** Reads an object. */
  async get(path: string, options: KubeRequest): Promise<unknown> {
    const response = await this.#open(path, options);
    return JSON.parse(await textOf(response)) as unknown;
  }

  /** Follows a path with `watch=1` until the server ends the answer. */
  async *watch(path: string, options: KubeRequest): AsyncGenerator<WatchEvent> {
    const response = await this.#open(path, options);
    const lines = createInterface({ input: response });
    // It passes errors of the answer on, also when nobody reads lines any more: unheard they would end the process.
    lines.on("error", () => {});
    try {
      for await (const line of lines) {
        if (line === "") continue;
        const event = Object(JSON.parse(line) as unknown);
        yield { type: String(Reflect.get(event, "type")), object: Reflect.get(event, "object") };
      }
    } finally {
      // Whoever gives an answer up half-way would leave it open: the reader of lines does not end it.
      if (!response.readableEnded) response.destroy();
    }
    // The reader of lines takes a connection that breaks for the end.
    if (!response.complete) throw new Error("the connection was lost");
  }

  async #open(path: string, { timeoutMs, signal }: KubeRequest): Promise<IncomingMessage> {
    const { server } = this.#access;
    const url = new URL(server.replace(/\/$/, "") + path);
    const send = url.protocol === "http:" ? plainRequest : tlsRequest;
    const options = await this.#access.options();
    const request = send(url, options);
    limit(request, timeoutMs, signal);
    request.setHeader("accept", "application/json");
    const response = await answerTo(request);
    const { statusCode = 0 } = response;
    if (statusCode !== 200) throw new KubeError(statusCode, await textOf(response));
    return response;
  }
}

/** Not with AbortSignal.any and timeout: Node 20 may collect them before their time. */
function limit(request: ClientRequest, timeoutMs: number, signal: AbortSignal): void {
  const giveUp = (): void => void request.destroy(new Error("the request was given up"));
  const tooLate = (): void => void request.destroy(new Error("no answer in time"));
  const timer = systemClock.after(timeoutMs, tooLate);
  signal.addEventListener("abort", giveUp, { once: true });
  request.once("close", () => {
    timer.cancel();
    signal.removeEventListener("abort", giveUp);
  });
  if (signal.aborted) giveUp();
}

function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Stays on: a connection can break after the answer has begun.
    request.on("error", (error) => {
      reject(backendErrors.BACKEND_UNAVAILABLE(`Cannot reach the API server: ${error.message}`));
    });
    request.on("response", (response) => {
      response.on("error", () => {});
      resolve(response);
    });
    request.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = chunk as Buffer; // no encoding is set
    size += bytes.length;
    if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}
