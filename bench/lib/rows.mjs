import { methods, requests } from "./messages.mjs";

/** The row that is compared with grpc-js. */
export const GET_STATE = "GetState in-memory";

/**
 * What is measured through the gateway, and what it has to reach: requests per second by load, and
 * CPU of gateway and sidecar per request at 8 × 16, in µs. `prepare` is called once before.
 */
export const rows = [
  {
    name: "SayHello",
    sidecar: "hello",
    method: methods.sayHello,
    request: requests.sayHello("helloworld"),
    target: { "8 × 16": 250_000, "64 × 1": 70_000, cpu: 5 },
  },
  {
    name: GET_STATE,
    sidecar: "state",
    method: methods.getState,
    request: requests.getState("memory"),
    prepare: { method: methods.saveState, request: requests.saveState("memory") },
    target: { "8 × 16": 180_000, "64 × 1": 60_000, cpu: 7 },
  },
  {
    name: "GetState Redis",
    sidecar: "state",
    needs: "redis",
    method: methods.getState,
    request: requests.getState("redis"),
    prepare: { method: methods.saveState, request: requests.saveState("redis") },
    target: { "8 × 16": 65_000, "64 × 1": 40_000, cpu: 16 },
  },
  {
    name: "SaveState Redis",
    sidecar: "state",
    needs: "redis",
    method: methods.saveState,
    request: requests.saveState("redis"),
    target: { "8 × 16": 65_000, "64 × 1": 40_000, cpu: 16 },
  },
  {
    name: "GetNextId in-memory weak",
    sidecar: "state",
    method: methods.getNextId,
    request: requests.getNextId("memory"),
    target: { "8 × 16": 200_000, "64 × 1": 60_000, cpu: 6 },
  },
  {
    name: "GetState embedded",
    sidecar: "state",
    method: methods.getState,
    request: requests.getState("embedded"),
    prepare: { method: methods.saveState, request: requests.saveState("embedded") },
    target: {},
  },
  {
    name: "SaveState embedded (one key)",
    sidecar: "state",
    slow: true,
    method: methods.saveState,
    request: requests.saveState("embedded"),
    target: {},
  },
];

/** PublishEvent in-memory without subscribers, and publish until the app acknowledges, by component. */
export const PUBLISH = { perSecond: 120_000, cpu: 12 };
export const DELIVERY = {
  memory: { perSecond: 45_000, cpu: 25 },
  embedded: { perSecond: 20_000 },
  redis: { perSecond: 20_000 },
  kafka: { perSecond: 8_000 },
};
/** From before the publish to the app's handler at a steady 1000 messages/s: p50 in µs, and p99 ÷ p50. */
export const DELIVERY_LATENCY = { memory: 600, redis: 1_500, kafka: 5_000 };
export const TAIL = 5;
/** Kafka through everything against bare kafkajs in the same run. */
export const RATIO_TO_KAFKAJS = 0.6;

/** The mesh in front of a raw echo of 256 bytes: per second, and CPU of gateway and mesh (of the mesh alone for proxies). */
export const MESH = {
  "InvokeService http": { perSecond: 30_000, cpu: 40 },
  "InvokeService bolt": { perSecond: 60_000, cpu: 15 },
  "transparent HTTP/1.1 proxy": { perSecond: 40_000, cpu: 22 },
  "gRPC proxied": { perSecond: 120_000, cpu: 8 },
};
/** InvokeService over HTTP with a grpc-go client, per second. */
export const MESH_GO_CLIENT = 9_000;
/** p50 in µs that it adds to a call of the server itself, one at a time. */
export const MESH_SINGLE = { "InvokeService http": 200, "transparent HTTP/1.1 proxy": 80 };
/** An HTTP/1.1 client of our own is worth its upkeep when undici costs this many times as much. */
export const CLIENT_TO_UNDICI = 1.5;
/** CPU per request with all governance on against all off. */
export const GOVERNANCE_COST = 1.15;

/** Ours through the gateway against grpc-js alone, GetState in-memory at 8 × 16. */
export const RATIO_TO_GRPC_JS = 6;
/** The same in CPU per call: 7 µs of ours against the 28 µs that grpc-js took when the target was set. */
export const CPU_TO_GRPC_JS = 0.25;
/** One call at a time through gateway and sidecar against grpc-js alone, p50: the second hop is worth its price. */
export const SINGLE_TO_GRPC_JS = 1;
/** SaveState embedded against bare lmdb, both on disk before the answer. */
export const RATIO_TO_LMDB = 0.4;
/** One GetState in-memory at a time: p50 through the gateway, and the gateway's part of it, in µs. */
export const SINGLE_P50 = 125;
export const SINGLE_GATEWAY = 35;
/** From start to ready, in ms: everything, and one sidecar. */
export const START_ALL = 800;
export const START_ONE = 300;
/** Idle memory of gateway, state and hello together, in MiB of PSS, and per idle connection in KiB. */
export const IDLE_PSS_MIB = 90;
export const IDLE_CONNECTION_KIB = 20;
/** What counts as no growth of a process under load, in MiB of PSS: the heap breathes. */
export const GROWTH_MIB = 4;

/** Functions in WebAssembly: what they have to reach end to end, with the load generator on the same cores. */
export const WASM = {
  warm: { perSecond: 15_000, p50: 120 },
  stateRead: { perSecond: 6_000 },
  fresh: { perSecond: 10_000, instanceP50: 0.1, instanceP99: 5 },
  dropMs: 60,
  thousand: { rssMib: 250, slower: 1.1 },
};
