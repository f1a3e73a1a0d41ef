import { backendErrors } from "@layotto/sidecar-kit";
import { type NacosHttp, type NacosReply, type Parameters, jsonOf } from "./http.ts";

/** A service in Nacos' words. */
export interface NacosService {
  readonly namespaceId: string;
  readonly groupName: string;
  readonly serviceName: string;
  /** Names with commas between; undefined: all. */
  readonly clusterName: string | undefined;
}

/** An instance in Nacos' words. */
export interface NacosInstance extends NacosService {
  readonly ip: string;
  readonly port: string;
  /** 1 is usual. */
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** All instances of a service. */
export interface InstanceList {
  readonly instances: readonly unknown[];
  /** Time, ms, after which the server wants to be asked again. */
  readonly cacheMs: number | undefined;
}

/** Answer to a heart-beat. */
export interface Beat {
  /** false: the server has forgotten the instance. */
  readonly isKnown: boolean;
  /** Time, ms, until the next one. */
  readonly intervalMs: number | undefined;
}

/** What is used of Nacos, in one version of its API. */
export interface NacosApi {
  list(service: NacosService): Promise<InstanceList>;
  register(instance: NacosInstance): Promise<void>;
  beat(instance: NacosInstance): Promise<Beat>;
  deregister(instance: NacosInstance): Promise<void>;
}

/** The server does not have this version of the API. */
export class NoSuchApi extends Error {
  constructor() {
    super("Cannot use this version of the HTTP API of Nacos: the server does not have it");
  }
}

/** The API until Nacos 3.1: plain answers. */
export class NacosV1 implements NacosApi {
  readonly #http: NacosHttp;

  constructor(http: NacosHttp) {
    this.#http = http;
  }

  async list({ clusterName: clusters, ...service }: NacosService): Promise<InstanceList> {
    const parameters = { ...service, clusters, healthyOnly: "false" };
    const reply = await this.#http.call("GET", "/v1/ns/instance/list", parameters);
    const content = Object(jsonOf(plain(reply)));
    const hosts: unknown = Reflect.get(content, "hosts");
    return {
      instances: listed(hosts, reply),
      cacheMs: positive(content, "cacheMillis"),
    };
  }

  async register(instance: NacosInstance): Promise<void> {
    plain(await this.#http.call("POST", "/v1/ns/instance", allOf(instance)));
  }

  async beat(instance: NacosInstance): Promise<Beat> {
    const reply = await this.#http.call("PUT", "/v1/ns/instance/beat", placeOf(instance));
    const content = Object(jsonOf(plain(reply)));
    return {
      isKnown: Reflect.get(content, "code") !== UNKNOWN_V1,
      intervalMs: positive(content, "clientBeatInterval"),
    };
  }

  async deregister(instance: NacosInstance): Promise<void> {
    plain(await this.#http.call("DELETE", "/v1/ns/instance", placeOf(instance)));
  }
}

/** The API for clients since Nacos 3.0: answers in an envelope with a code. */
export class NacosV3 implements NacosApi {
  readonly #http: NacosHttp;

  constructor(http: NacosHttp) {
    this.#http = http;
  }

  async list(service: NacosService): Promise<InstanceList> {
    const reply = await this.#http.call("GET", `${V3_PATH}/list`, { ...service });
    const { code, data } = opened(reply);
    if (NOT_FOUND.has(code)) return { instances: [], cacheMs: undefined };
    check(code, reply);
    return { instances: listed(data, reply), cacheMs: undefined };
  }

  async register(instance: NacosInstance): Promise<void> {
    const reply = await this.#http.call("POST", V3_PATH, allOf(instance));
    check(opened(reply).code, reply);
  }

  async beat(instance: NacosInstance): Promise<Beat> {
    const parameters = { ...placeOf(instance), heartBeat: "true" };
    const reply = await this.#http.call("POST", V3_PATH, parameters);
    const { code } = opened(reply);
    if (code === UNKNOWN_V3) return { isKnown: false, intervalMs: undefined };
    check(code, reply);
    return { isKnown: true, intervalMs: undefined };
  }

  async deregister(instance: NacosInstance): Promise<void> {
    const reply = await this.#http.call("DELETE", V3_PATH, placeOf(instance));
    check(opened(reply).code, reply);
  }
}

const V3_PATH = "/v3/client/ns/instance";
/** Codes of a heart-beat for an instance that the server does not know. */
const UNKNOWN_V1 = 20404;
const UNKNOWN_V3 = 21003;
/** Codes for a resource, or a service, that does not exist. */
const NOT_FOUND: ReadonlySet<number> = new Set([20004, 21008]);

function placeOf({ namespaceId, groupName, serviceName, clusterName, ip, port }: NacosInstance) {
  const service = { namespaceId, groupName, serviceName, clusterName };
  return { ...service, ip, port, ephemeral: "true" } satisfies Parameters;
}

function allOf(instance: NacosInstance) {
  const { weight, metadata } = instance;
  const flags = { enabled: "true", healthy: "true" };
  return {
    ...placeOf(instance),
    ...flags,
    weight: String(weight),
    metadata: JSON.stringify(metadata),
  } satisfies Parameters;
}

function plain(reply: NacosReply): string {
  if (reply.status === 200) return reply.text;
  throw reply.status === 404 || reply.status === 410 ? new NoSuchApi() : refusal(reply);
}

/** The envelope of an answer; errors come in one as well, whatever the status. */
function opened(reply: NacosReply): { code: number; data: unknown } {
  const content = Object(jsonOf(reply.text));
  const code: unknown = Reflect.get(content, "code");
  if (typeof code === "number") return { code, data: Reflect.get(content, "data") };
  throw reply.status === 404 || reply.status === 410 ? new NoSuchApi() : refusal(reply);
}

function check(code: number, reply: NacosReply): void {
  if (code !== 0) throw refusal(reply);
}

/** Whatever stands before a server may answer 200 as well: that says nothing of hosts. */
function listed(list: unknown, reply: NacosReply): readonly unknown[] {
  if (Array.isArray(list)) return list;
  throw refusal(reply);
}

function refusal({ status, text }: NacosReply): Error {
  return backendErrors.BACKEND_FAILED(`Nacos refused: ${status} ${text.slice(0, 200)}`);
}

function positive(content: object, key: string): number | undefined {
  const value: unknown = Reflect.get(content, key);
  return typeof value === "number" && value > 0 ? value : undefined;
}
