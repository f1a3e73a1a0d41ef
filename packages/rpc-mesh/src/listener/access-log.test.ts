import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLogger } from "@layotto/sidecar-kit";
import { Reason } from "../call/failure.ts";
import {
  answer,
  breakOff,
  clusterOf,
  hang,
  ScriptedCall,
  type Step,
  testMesh,
} from "../call/testing/scripted-call.ts";
import type { RequestView } from "../call/request.ts";
import type { RouteConfig } from "../model/route.ts";
import { forwardTo, requestOf, routeOf } from "../testing/routing.ts";
import { listenerOf } from "../testing/listener.ts";
import { meshOf, report } from "../testing/mesh-config.ts";
import { AccessLog } from "./access-log.ts";
import { ListenerScope } from "./scope.ts";

const retry = {
  on: ["connect-failure"],
  statusCodes: [],
  retries: 1,
  backoffMs: 25,
  maxBackoffMs: 25,
  nonIdempotent: false,
  avoidTriedHosts: true,
} as const;
const direct = { type: "direct", status: 204, body: "" } as const;

const routes = [
  routeOf("d", { path: "/direct" }, { action: direct }),
  routeOf("x", { prefix: "/x" }, { action: forwardTo("x", { retry }) }),
];
const view = requestOf({ path: "/x/1?secret=2", authority: "shop", method: "POST" });

async function setUp(all: readonly RouteConfig[] = routes) {
  const { mesh, clock } = await testMesh([clusterOf("x", ["a:1", "b:1"])], all);
  let text = "";
  const logger = createLogger({ name: "mesh", now: () => 0, write: (more) => (text += more) });
  const log = new AccessLog(logger, "in");
  const call = (script: readonly Step[], request: RequestView = view) =>
    new ScriptedCall(mesh, script, { view: request, log });
  const lines = (): Record<string, unknown>[] => {
    logger.flush();
    const parsed = text.split("\n").filter((line) => line !== "");
    text = "";
    return parsed.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { mesh, clock, logger, call, lines };
}

describe("AccessLog", () => {
  test("writes one line per call with listener, route, cluster, host, status and time", async () => {
    const { call, lines } = await setUp();
    const { attempts } = call([answer(404)]).run();
    const [line, ...more] = lines();
    assert.equal(more.length, 0);
    assert.deepEqual(line, {
      level: "info",
      time: "1970-01-01T00:00:00.000Z",
      sidecar: "mesh",
      logger: "access",
      listener: "in",
      msg: "call",
      protocol: "http1",
      method: "POST",
      authority: "shop",
      path: "/x/1",
      route: "x",
      cluster: "x",
      host: attempts[0]?.host.address,
      status: 404,
      ms: 0,
      attempts: 1,
    });
  });

  test("writes the flag of failures, all attempts and the host tried last", async () => {
    const { call, lines, clock } = await setUp();
    const failed = call([breakOff(Reason.CONNECT_FAILURE), breakOff(Reason.CONNECT_FAILURE)]).run();
    assert.deepEqual(lines(), []);
    await clock.advance(25);
    const [line] = lines();
    const { status, flag, attempts, ms, host } = line ?? {};
    assert.deepEqual([status, flag, attempts], [undefined, "UF", 2]);
    assert.ok(Number(ms) > 0 && Number(ms) <= 25, "the back-off counts");
    assert.equal(host, failed.attempts[1]?.host.address);
  });

  test("tells timeouts, callers that went away, missing routes and configured answers apart", async () => {
    const { call, lines, clock } = await setUp();
    call([hang]).run();
    await clock.advance(3000);
    call([hang]).run().cancelled();
    call([], requestOf({ path: "/other" })).run();
    call([], requestOf({ path: "/direct" })).run();
    const told = lines().map(({ route, status, flag }) => [route, status, flag]);
    assert.deepEqual(told, [
      ["x", undefined, "DT"],
      ["x", undefined, "DC"],
      [undefined, undefined, "NR"],
      ["d", 204, undefined],
    ]);
  });

  test("can be silenced by the level of its logger", async () => {
    const { call, lines, logger } = await setUp();
    logger.setLevel("access", "warn");
    call([answer(200)]).run();
    assert.deepEqual(lines(), []);
  });
});

test("ListenerScope has no access log unless the listener wants one", async () => {
  const { mesh } = await setUp();
  const options = (accessLog: boolean | undefined) =>
    new ListenerScope(mesh, listenerOf({ accessLog }), undefined).callOptions(
      view,
      "http1",
      undefined,
    );
  assert.equal(options(undefined).log, undefined);
  assert.ok(options(true).log instanceof AccessLog);
});

test("access_log of a listener is read, and wants a boolean", () => {
  const section = (access_log: unknown) => ({
    listeners: [{ name: "in", address: "127.0.0.1:1", router: "r", access_log }],
    routers: [{ router_config_name: "r", virtual_hosts: [] }],
  });
  assert.equal(meshOf(section(true)).listeners[0]?.accessLog, true);
  assert.equal(meshOf(section(undefined)).listeners[0]?.accessLog, undefined);
  assert.match(report(section(3)).join(), /✖ mesh\.listeners\[0\]\.access_log: /);
});
