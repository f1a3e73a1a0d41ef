import { readFile } from "node:fs/promises";
import { backendErrors } from "@layotto/sidecar-kit";
import { Agent, request } from "undici";
import type { NacosMetadata } from "./metadata.ts";

/** More is no list of instances. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const DEFAULT_PORT = 8848;
/** A token is renewed when so much of its life is over. */
const TOKEN_SHARE = 0.8;

/** Parameters of a call; undefined ones are left out. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** What a server answered. */
export interface NacosReply {
  readonly status: number;
  readonly text: string;
}

interface Token {
  readonly value: string;
  readonly untilMs: number;
}

/** Calls of Nacos' HTTP API: with a token, at whichever server answers. */
export class NacosHttp {
  readonly #metadata: NacosMetadata;
  readonly #agent: Agent;
  readonly #servers: readonly string[];
  #current = 0;
  #token: Token | undefined;
  #signingIn: Promise<string> | undefined;

  private constructor(metadata: NacosMetadata, agent: Agent) {
    this.#metadata = metadata;
    this.#agent = agent;
    this.#servers = metadata.address.map((each) => originOf(each) + metadata.contextPath);
  }

  static async create(metadata: NacosMetadata): Promise<NacosHttp> {
    const { tlsCa, callTimeout: timeout } = metadata;
    const ca = tlsCa === undefined ? {} : { ca: await readFile(tlsCa) };
    const limits = { headersTimeout: timeout, bodyTimeout: timeout };
    const connect = { timeout, ...ca };
    return new NacosHttp(
      metadata,
      new Agent({ connect, ...limits, maxResponseSize: MAX_RESPONSE_BYTES }),
    );
  }

  /**
   * Makes one call. Any answer below 500 is an answer.
   *
   * @throws RpcError BACKEND_UNAVAILABLE when no server gives one
   */
  async call(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    parameters: Parameters,
  ): Promise<NacosReply> {
    const reply = await this.#signed(method, path, parameters);
    const isRefused = reply.status === 401 || reply.status === 403;
    if (!isRefused || this.#metadata.username === undefined) return reply;
    // The server may have been started anew with another key.
    this.#token = undefined;
    return this.#signed(method, path, parameters);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #signed(method: string, path: string, parameters: Parameters): Promise<NacosReply> {
    if (this.#metadata.username === undefined) return this.#anywhere(method, path, parameters, {});
    return this.#anywhere(method, path, parameters, { accessToken: await this.#accessToken() });
  }

  async #accessToken(): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#token.untilMs) return this.#token.value;
    this.#signingIn ??= this.#signIn().finally(() => (this.#signingIn = undefined));
    return this.#signingIn;
  }

  async #signIn(): Promise<string> {
    const { username, password } = this.#metadata;
    for (const path of ["/v3/auth/user/login", "/v1/auth/login"]) {
      const { status, text } = await this.#anywhere("POST", path, { username, password }, {});
      const token = status === 200 ? tokenOf(text) : undefined;
      if (token === undefined) continue;
      this.#token = token;
      return token.value;
    }
    throw backendErrors.BACKEND_UNAVAILABLE("Cannot sign in to Nacos: user or password are wrong");
  }

  async #anywhere(
    method: string,
    path: string,
    parameters: Parameters,
    query: Parameters,
  ): Promise<NacosReply> {
    let failure = "no server is configured";
    for (let attempt = 0; attempt < this.#servers.length; attempt += 1) {
      const current = this.#current;
      const server = this.#servers[current] ?? "";
      try {
        const reply = await this.#ask(method, server + path, parameters, query);
        if (reply.status < 500) return reply;
        failure = `${reply.status} ${reply.text.slice(0, 200)}`;
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
      }
      // Unless another call has gone on already: two steps could lead back to the one that is down.
      if (this.#current === current) this.#current = (current + 1) % this.#servers.length;
    }
    throw backendErrors.BACKEND_UNAVAILABLE(`Cannot reach Nacos: ${failure}`);
  }

  async #ask(
    method: string,
    url: string,
    parameters: Parameters,
    query: Parameters,
  ): Promise<NacosReply> {
    const isForm = method === "POST";
    const search = encode(isForm ? query : { ...parameters, ...query });
    const { statusCode, body } = await request(search === "" ? url : `${url}?${search}`, {
      method: method as "GET", // one of the four, which the type lists one by one
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(this.#metadata.callTimeout),
      ...(isForm && {
        body: encode(parameters),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
    });
    return { status: statusCode, text: await body.text() };
  }
}

function originOf(address: string): string {
  const url = new URL(/^https?:\/\//.test(address) ? address : `http://${address}`);
  if (url.port === "" && !/:\d+\/?$/.test(address)) url.port = String(DEFAULT_PORT);
  return url.origin;
}

function encode(parameters: Parameters): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given as [string, string][]).toString(); // undefined ones are left out
}

function tokenOf(text: string): Token | undefined {
  const content = jsonOf(text);
  const accessToken: unknown = Reflect.get(Object(content), "accessToken");
  const ttlSeconds = Number(Reflect.get(Object(content), "tokenTtl")) || 0;
  if (typeof accessToken !== "string") return undefined;
  return { value: accessToken, untilMs: Date.now() + ttlSeconds * 1000 * TOKEN_SHARE };
}

/** The value of a JSON text; undefined when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
