import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Agent, Dispatcher } from "undici";
import { WasmError } from "../errors.ts";
import { readLimited } from "./read-limited.ts";
import { type SourcePolicy, shown } from "./source-policy.ts";
import { unreadable } from "./unreadable.ts";

const maxRedirects = 3;
const connectTimeoutMs = 10_000;
/** Without an octet. */
const idleTimeoutMs = 15_000;

/** Looks up all addresses of a host. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

/** Asks the system. */
export const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) =>
      error === null ? resolve(found) : reject(error),
    );
  });

/** What is asked for. */
export interface HttpQuestion {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Allowed beside the allow list. */
  readonly origin?: string;
}

/** What came back. The body must be read or destroyed. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData["body"];
}

/**
 * GET over http(s) that only goes where the policy lets it: every URL, those of redirects too, is checked, and so is every
 * address before it is connected to. No proxy, no connection kept for later.
 */
export class GuardedHttp {
  readonly #policy: SourcePolicy;
  readonly #resolve: Resolve;
  #agent: Promise<Agent> | undefined;

  constructor(policy: SourcePolicy, resolve: Resolve = systemResolve) {
    this.#policy = policy;
    this.#resolve = resolve;
  }

  /**
   * Follows up to three redirects. Any status is an answer.
   *
   * @throws WasmError SOURCE_NOT_ALLOWED, SOURCE_UNREADABLE
   */
  async get({ url, headers = {}, origin }: HttpQuestion, signal: AbortSignal): Promise<HttpReply> {
    let at = url;
    for (let redirects = 0; ; redirects += 1) {
      this.#policy.checkUrl(at, origin);
      const reply = await this.#ask(at, at.origin === url.origin ? headers : withoutSecrets(headers), signal); // prettier-ignore
      const next = redirectOf(reply, at);
      if (next === undefined) return reply;
      reply.body.destroy();
      if (redirects === maxRedirects) {
        throw unreadable(
          shown(url),
          new Error(`it redirects more than ${maxRedirects} times`),
          502,
        );
      }
      at = next;
    }
  }

  async close(): Promise<void> {
    const agent = await this.#agent;
    await agent?.destroy();
  }

  async #ask(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    this.#agent ??= this.#makeAgent();
    const agent = await this.#agent;
    try {
      const {
        statusCode,
        headers: received,
        body,
      } = await agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: "GET",
        headers,
        signal,
      });
      // Whoever reads it sees what goes wrong; after it was given up nobody does.
      body.on("error", () => {});
      return { status: statusCode, headers: received, body };
    } catch (error) {
      signal.throwIfAborted();
      throw unreadable(shown(url), error);
    }
  }

  /** Most hosts read files only: the client is loaded with the first URL. */
  async #makeAgent(): Promise<Agent> {
    const { Agent: Made } = await import("undici");
    return new Made({
      // The address that was checked is the one that is connected to: a second look-up may say something else.
      connect: { lookup: checkedLookup(this.#policy, this.#resolve), timeout: connectTimeoutMs },
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      keepAliveTimeout: 1000,
      keepAliveMaxTimeout: 1000,
    });
  }
}

function checkedLookup(policy: SourcePolicy, resolve: Resolve): LookupFunction {
  return (host, options, callback) => {
    void (async () => {
      try {
        const found = await resolve(host);
        policy.checkAddresses(
          host,
          found.map(({ address }) => address),
        );
        const [first] = found;
        if (first === undefined) throw new Error("its host has no address");
        if (options.all === true) callback(null, found);
        else callback(null, first.address, first.family);
      } catch (error) {
        callback(error instanceof Error ? error : new Error(String(error)), "", 0);
      }
    })();
  };
}

function redirectOf({ status, headers }: HttpReply, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  const { location } = headers;
  if (typeof location === "string" && URL.canParse(location, from.href)) {
    return new URL(location, from.href);
  }
  throw unreadable(shown(from), new Error("it redirects to nowhere"), 502);
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "authorization"));
}

/**
 * Checks that an answer is 200.
 *
 * @throws WasmError SOURCE_UNREADABLE
 */
export function needOk(reply: HttpReply, what: string): HttpReply {
  if (reply.status === 200) return reply;
  reply.body.destroy();
  const message = `cannot read ${JSON.stringify(what)}: the server answers with status ${reply.status}`;
  throw new WasmError("SOURCE_UNREADABLE", 502, message);
}

/** What a body is read with. */
export interface BodyOptions {
  readonly maxBytes: number;
  /** For errors. */
  readonly what: string;
  readonly signal: AbortSignal;
}

/**
 * Reads a whole body.
 *
 * @throws WasmError MODULE_TOO_LARGE, SOURCE_UNREADABLE
 */
export async function readBody(reply: HttpReply, options: BodyOptions): Promise<Uint8Array> {
  const { maxBytes, what, signal } = options;
  try {
    return await readLimited(bodyOf(reply, what, signal), maxBytes, what, lengthOf(reply));
  } finally {
    reply.body.destroy();
  }
}

/**
 * The octets of a body as they come.
 *
 * @throws WasmError SOURCE_UNREADABLE
 */
export async function* bodyOf(
  { body }: HttpReply,
  what: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array; // undici gives octets
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(what, error);
  } finally {
    body.destroy();
  }
}

function lengthOf({ headers }: HttpReply): number | undefined {
  const text = headers["content-length"];
  return typeof text === "string" && /^\d+$/.test(text) ? Number(text) : undefined;
}
