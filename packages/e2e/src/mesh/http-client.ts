import { Agent, type IncomingHttpHeaders, request } from "node:http";

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
}

/** How {@link HttpClient.send} asks. */
export interface HttpAsk {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The body goes in pieces without a length. */
  readonly isChunked?: boolean;
}

/** A client with a connection that is kept. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** @throws Error when the answer is not complete */
  send(method: string, path: string, { headers, body, isChunked }: HttpAsk = {}): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, host: "127.0.0.1", port: this.#port, method, path, headers };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const { statusCode: status = 0, rawHeaders, trailers } = response;
          resolve({ status, headers: response.headers, rawHeaders, trailers, body: Buffer.concat(chunks) });
        });
      });
      sent.once("error", reject);
      if (body !== undefined && isChunked === true) {
        for (let at = 0; at < body.length; at += 50_000) sent.write(body.subarray(at, at + 50_000));
        sent.end();
      } else sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
} // prettier-ignore
