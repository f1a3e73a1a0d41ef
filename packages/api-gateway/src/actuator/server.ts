import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { prometheusContentType } from "@layotto/sidecar-kit";
import { tokenCheck } from "../layers/token.ts";
import { readBody, send, type ActuatorAnswer } from "./answer.ts";
import type { HealthBody } from "./health.ts";

/** What the actuator tells and does; every part is asked when somebody wants to know it. */
export interface ActuatorSource {
  liveness(): HealthBody;
  readiness(): HealthBody;
  info(): Promise<unknown>;
  metrics(): Promise<string>;
  setLogLevel(body: string): Promise<ActuatorAnswer>;
  /** Whether a sidecar announces this page. */
  hasPage(name: string): boolean;
  /** What the sidecars that announce it show there. */
  page(name: string): Promise<ActuatorAnswer>;
}

/** Options of {@link createActuator}. */
export interface ActuatorOptions {
  /**
   * What callers must send for everything but health, as `layotto-api-token` or `Authorization: Bearer`. Probes of an
   * orchestrator can rarely send one, and health tells no secrets. Default: nothing.
   */
  readonly token?: string | undefined;
  /** An endpoint failed unexpectedly. */
  readonly onError?: (error: unknown, path: string) => void;
}

interface Endpoint {
  readonly methods: readonly string[];
  readonly isOpen: boolean;
  answer(request: IncomingMessage): Promise<ActuatorAnswer> | ActuatorAnswer;
}

const maxBodyBytes = 4_096;
const read = ["GET", "HEAD"];
const prefix = "/actuator/";

/** Makes the HTTP server of `/actuator/…`; it does not listen yet. */
export function createActuator(source: ActuatorSource, options: ActuatorOptions = {}): Server {
  const endpoints = endpointsOf(source);
  const isToken = options.token === undefined ? undefined : tokenCheck(options.token);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    try {
      const endpoint = endpoints.get(path) ?? pageEndpoint(source, path);
      send(request, response, await answer(endpoint, request, isToken));
    } catch (error) {
      options.onError?.(error, path);
      if (!response.headersSent) send(request, response, { status: 500 });
    }
  };
  const limits = {
    requestTimeout: 5_000,
    headersTimeout: 5_000,
    keepAliveTimeout: 15_000,
    maxHeaderSize: 8_192,
  };
  const server = createServer(limits, (request, response) => void handle(request, response));
  server.maxConnections = 256;
  return server;
}

function endpointsOf(source: ActuatorSource): ReadonlyMap<string, Endpoint> {
  const health = (body: () => HealthBody): Endpoint => ({
    methods: read,
    isOpen: true,
    answer: () => healthAnswer(body()),
  });
  const metrics = async (): Promise<ActuatorAnswer> => ({
    status: 200,
    text: await source.metrics(),
    contentType: prometheusContentType,
  });
  return new Map<string, Endpoint>([
    ["/actuator/health/liveness", health(() => source.liveness())],
    ["/actuator/health/readiness", health(() => source.readiness())],
    [
      "/actuator/info",
      {
        methods: read,
        isOpen: false,
        answer: async () => ({ status: 200, json: await source.info() }),
      },
    ],
    ["/actuator/metrics", { methods: read, isOpen: false, answer: metrics }],
    [
      "/actuator/logger",
      { methods: ["POST"], isOpen: false, answer: (request) => logger(source, request) },
    ],
  ]);
}

/** What sidecars show of themselves, below the endpoints of the gateway's own. */
function pageEndpoint(source: ActuatorSource, path: string): Endpoint | undefined {
  const name = path.startsWith(prefix) ? path.slice(prefix.length) : "";
  if (name === "" || !source.hasPage(name)) return undefined;
  return { methods: read, isOpen: false, answer: () => source.page(name) };
}

async function answer(
  endpoint: Endpoint | undefined,
  request: IncomingMessage,
  isToken: ((given: string) => boolean) | undefined,
): Promise<ActuatorAnswer> {
  if (endpoint === undefined) return { status: 404 };
  if (!endpoint.methods.includes(request.method ?? "")) {
    return { status: 405, headers: { allow: endpoint.methods.join(", ") } };
  }
  if (isToken !== undefined && !endpoint.isOpen && !isToken(givenToken(request))) {
    const error =
      "Cannot answer: the token is missing or wrong; send layotto-api-token or Authorization: Bearer";
    return { status: 401, json: { error }, headers: { "www-authenticate": "Bearer" } };
  }
  return await endpoint.answer(request);
}

function healthAnswer(body: HealthBody): ActuatorAnswer {
  return { status: body.status === "UP" ? 200 : 503, json: body };
}

async function logger(source: ActuatorSource, request: IncomingMessage): Promise<ActuatorAnswer> {
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) return { status: 413, headers: { connection: "close" } };
  return source.setLogLevel(body);
}

function givenToken({ headers }: IncomingMessage): string {
  const own = headers["layotto-api-token"];
  if (typeof own === "string") return own;
  return /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}
