import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { HTTPExtension_Verb as Verb } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { GrpcClient } from "@layotto/grpc-transport";
import { runtime } from "../harness/calls.ts";
import { BoltFrames, boltRequest } from "./bolt-frames.ts";
import { answerTo, grpcPaths } from "./hosts-messages.ts";

/** One call: resolves when the answer is right; rejects with what was wrong otherwise. */
export type Call = (id: string) => Promise<void>;

/** A way to the hosts. */
export interface Caller {
  readonly name: string;
  /** A call that may run twice. */
  readonly get: Call;
  /** A call that must not run twice. */
  readonly create: Call;
  close(): Promise<void> | void;
}

/** A caller waits for so long at most, ms; the mesh gives up before. */
const patienceMs = 8000;

function check(id: string, answer: string): void {
  if (answer !== answerTo(id)) throw new Error(`wrong answer to ${id}: ${JSON.stringify(answer.slice(0, 60))}`); // prettier-ignore
}

/** The transparent proxy for HTTP/1.1. */
export function httpCaller(port: number): Caller {
  const agent = new Agent({ keepAlive: true });
  const send = (method: string, id: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request({ agent, host: "127.0.0.1", port, method, path: `/calls/${id}`, timeout: patienceMs }); // prettier-ignore
      sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
      sent.once("error", reject);
      sent.once("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.once("error", reject);
        response.once("close", () => {
          if (!response.complete) return reject(new Error("the answer was cut off"));
          if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode} ${body}`)); // prettier-ignore
          settle(resolve, reject, () => check(id, body));
        });
      });
      sent.end(method === "POST" ? "{}" : undefined);
    });
  return {
    name: "http",
    get: (id) => send("GET", id),
    create: (id) => send("POST", id),
    close: () => agent.destroy(),
  };
}

function settle(resolve: () => void, reject: (error: Error) => void, checks: () => void): void {
  try {
    checks();
    resolve();
  } catch (error) {
    reject(error instanceof Error ? error : new Error(String(error)));
  }
}

/** InvokeService over HTTP. */
export function invokeCaller(port: number): Caller {
  const client = new GrpcClient({ host: "127.0.0.1", port });
  const api = runtime(client);
  const send = async (verb: Verb, id: string): Promise<void> => {
    const message = { method: `/calls/${id}`, httpExtension: { verb } };
    const { data } = await api.invokeService({ id: "hosts", message }, { timeoutMs: patienceMs });
    check(id, Buffer.from(data?.value ?? []).toString());
  };
  return {
    name: "invoke",
    get: (id) => send(Verb.GET, id),
    create: (id) => send(Verb.POST, id),
    close: () => client.close(),
  };
}

/** The transparent proxy for gRPC. */
export function grpcCaller(port: number): Caller {
  const client = new GrpcClient({ host: "127.0.0.1", port });
  const send = async (path: string, id: string): Promise<void> => {
    const { message } = await client.unary(path, Buffer.from(id), { timeoutMs: patienceMs });
    check(id, Buffer.from(message).toString());
  };
  return {
    name: "grpc",
    get: (id) => send(grpcPaths.get, id),
    create: (id) => send(grpcPaths.create, id),
    close: () => client.close(),
  };
}

interface BoltWaiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly id: string;
  readonly timer: NodeJS.Timeout;
  readonly socket: Socket;
}

/** The transparent proxy for bolt: one connection, many calls at once; another one when it is asked to go away. */
export function boltCaller(port: number): Caller {
  const waiting = new Map<number, BoltWaiting>();
  let socket: Socket | undefined;
  let last = 0;
  const end = (number: number, error?: Error): void => {
    const call = waiting.get(number);
    if (call === undefined) return;
    waiting.delete(number);
    clearTimeout(call.timer);
    if (error === undefined) call.resolve();
    else call.reject(error);
  };
  const open = (): Socket => {
    const frames = new BoltFrames();
    const opened = connect({ port, host: "127.0.0.1", noDelay: true });
    opened.on("data", (chunk: Buffer) => {
      for (const { id, status, content, isHeartbeat, isGoaway } of frames.take(chunk)) {
        if (isGoaway && socket === opened) socket = undefined;
        const call = waiting.get(id);
        if (isHeartbeat || isGoaway || call === undefined) continue;
        if (status !== 0) end(id, new Error(`bolt status ${status}`));
        else settle(() => end(id), (error) => end(id, error), () => check(call.id, content)); // prettier-ignore
      }
    });
    opened.on("error", () => undefined);
    opened.once("close", () => {
      if (socket === opened) socket = undefined;
      for (const [number, call] of waiting) {
        if (call.socket === opened) end(number, new Error("the mesh closed the connection"));
      }
    });
    return opened;
  };
  const send = (service: string, id: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const number = (last += 1);
      const timer = setTimeout(() => end(number, new Error("no answer in time")), patienceMs);
      socket ??= open();
      waiting.set(number, { resolve, reject, id, timer, socket });
      socket.write(boltRequest(number, service, id));
    });
  return {
    name: "bolt",
    get: (id) => send("hosts.Get:1.0", id),
    create: (id) => send("hosts.Create:1.0", id),
    close: () => void socket?.destroy(),
  };
}
