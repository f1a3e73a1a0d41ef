/**
 * POSTs 256 bytes to an echo over HTTP/1.1, `inFlight` at once, with the mesh's client or undici's Pool, and prints
 * `{ perSecond, cpu }`: requests, and µs of CPU of this process for each.
 *
 *     node bench/reference/http-clients.mjs <ours|undici|undici-dispatch> <port> <requests> <inFlight>
 */
import { connect } from "node:net";
import { Pool } from "undici";

import { Http1Pool } from "../../packages/rpc-mesh/dist/http1/pool.js";
import { requestHead } from "../../packages/http1/dist/index.js";
import { sendUnary } from "../../packages/rpc-mesh/dist/http1/unary.js";
import { meshClock } from "../../packages/rpc-mesh/dist/clock.js";

const [client, port, requests, inFlight] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const body = Buffer.alloc(256, "x");
const contentType = "application/octet-stream";
const WARM_UP = 20_000;

const clients = { ours: ourClient, undici: requestClient, "undici-dispatch": dispatchClient };
const send = clients[client]();
await run(WARM_UP);
const [cpuBefore, began] = [process.cpuUsage(), performance.now()];
await run(requests);
const { user, system } = process.cpuUsage(cpuBefore);
const seconds = (performance.now() - began) / 1_000;
console.log(JSON.stringify({ perSecond: requests / seconds, cpu: (user + system) / requests }));
process.exit(0);

/** Makes `count` requests, always `inFlight` of them under way. */
function run(count) {
  let [started, ended] = [0, 0];
  return new Promise((resolve, reject) => {
    const next = () => {
      started++;
      send((status, bytes) => {
        if (status !== 200 || bytes !== body.length) return reject(new Error(`${status} ${bytes}`));
        ended++;
        if (started < count) next();
        else if (ended === count) resolve();
      });
    };
    for (let i = 0; i < inFlight; i++) next();
  });
}

function ourClient() {
  const limits = { maxConnections: inFlight, maxPending: 0 };
  const pool = new Http1Pool({
    clock: meshClock,
    settings: () => ({ limits, idleTimeoutMs: 90_000, maxRequestsPerConnection: 0 }),
    connect(callback) {
      const socket = connect({ host: "127.0.0.1", port, noDelay: true });
      socket.once("connect", () => callback(undefined, socket));
      return () => socket.destroy();
    },
  });
  return (done) => {
    const head = requestHead({
      method: "POST",
      target: "/echo",
      authority: `127.0.0.1:${port}`,
      headers: [["content-type", contentType]],
      bodyBytes: body.length,
    });
    const sink = {
      onResponse: (status, _headers, bytes) => done(status, bytes.length),
      onError: (reason, detail) => done(reason, detail),
    };
    sendUnary(pool, { method: "POST", head, body }, sink, 1_000_000);
  };
}

function undiciPool() {
  return new Pool(`http://127.0.0.1:${port}`, { connections: inFlight, pipelining: 1 });
}

/** As applications use it. */
function requestClient() {
  const pool = undiciPool();
  const headers = { "content-type": contentType };
  return (tell) => {
    void pool
      .request({ method: "POST", path: "/echo", headers, body })
      .then(async (answer) =>
        tell(answer.statusCode, (await answer.body.arrayBuffer()).byteLength),
      );
  };
}

/** Its cheapest interface. */
function dispatchClient() {
  const pool = undiciPool();
  const headers = ["content-type", contentType];
  return (done) => {
    let [status, bytes] = [0, 0];
    pool.dispatch(
      { method: "POST", path: "/echo", headers, body },
      {
        onRequestStart() {},
        onResponseStart: (_controller, code) => void (status = code),
        onResponseData: (_controller, chunk) => void (bytes += chunk.length),
        onResponseEnd: () => done(status, bytes),
        onResponseError: (_controller, error) => done(error.message, 0),
      },
    );
  };
}
