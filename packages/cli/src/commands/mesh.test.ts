import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FakeInstallation } from "../testing/fake-topics.ts";
import { type LayottoRun, runLayotto } from "../testing/run-layotto.ts";

let installation: FakeInstallation;
let runs: LayottoRun[];

beforeEach(async () => {
  installation = new FakeInstallation();
  runs = [];
  await installation.start();
});
afterEach(async () => {
  for (const run of runs) run.child.kill("SIGKILL");
  await Promise.all(runs.map((run) => run.ended));
  await installation.close();
});

function start(...args: string[]): LayottoRun {
  const cwd = installation.runDir;
  const run = runLayotto([...args, "--run-dir", cwd], { cwd, env: { RUNTIME_CONFIG: undefined } });
  runs.push(run);
  return run;
}

/** Runs the command to its end. */
async function layotto(...args: string[]) {
  const run = start(...args);
  const code = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

const calls = {
  total: 20,
  active: 1,
  success: 15,
  errors: 2,
  failures: { DT: 1, UH: 2 },
  cancelled: 0,
  retries: 4,
  p50Ms: 1.25,
  p99Ms: 120.4,
};
const none = { ...calls, total: 0, active: 0, errors: 0, failures: {}, retries: 0, p50Ms: 0, p99Ms: 0 }; // prettier-ignore
const host = {
  weight: 100,
  healthy: true,
  why: "",
  active: 0,
  connections: 2,
  attempts: 12,
  failures: 0,
  ejections: 0,
};

const page = {
  listeners: [
    { name: "egress", type: "egress", address: "127.0.0.1:2046", protocol: "http1", router: "r", tls: false, connections: 3, refused: 0, malformed: 1 },
    { name: "inner", type: "egress", protocol: "auto", router: "r", tls: true, connections: 0, refused: 0, malformed: 0 },
  ],
  routes: [
    { router: "r", virtualHost: "all", route: "pay", to: "payment", calls, breaker: { state: "open", opened: 1, probeInMs: 4000 } },
    { router: "r", virtualHost: "all", route: "rest", to: "shop", calls: none },
  ],
  clusters: [
    {
      name: "payment",
      source: "static",
      balancer: "least_request",
      ready: true,
      calls,
      retryBudget: 10,
      concurrencyLimit: 64,
      hosts: [
        { ...host, address: "10.0.0.1:80" },
        { ...host, address: "10.0.0.2:80", healthy: false, why: "ejected as an outlier: 5 failures in a row", failures: 5, ejections: 1, backInMs: 27_400, breaker: { state: "closed", opened: 0 } },
      ],
    },
    { name: "shop", source: "dns", balancer: "maglev", ready: false, calls: none, retryBudget: 10, hosts: [] },
  ],
  noRoutes: { r: 3 },
  registrations: [{ service: "shop", registry: "zk", address: "1.1.1.1:1", state: "failed", reason: "refused" }],
  xds: { connected: false, problem: "no server\nanswers" },
}; // prettier-ignore

const hostsText = [
  "CLUSTER  HOST         STATE  WEIGHT  ACTIVE  CONNS  ATTEMPTS  FAILURES  EJECTED  BREAKER  WHY",
  "payment  10.0.0.1:80  in        100       0      2        12         0        0  -",
  "payment  10.0.0.2:80  out       100       0      2        12         5        1  closed   ejected as an outlier: 5 failures in a row, back in 27s",
  "",
].join("\n");

const clustersText = [
  "CLUSTER  SOURCE  BALANCER       HEALTHY  BUDGET  LIMIT  CALLS  ACTIVE  ERRORS  RETRIES     P50     P99  FAILED",
  "payment  static  least_request      1/2      10     64     20       1       2        4  1.3 ms  120 ms  3 (UH 2, DT 1)",
  "shop     dns     maglev         unknown      10      -      0       0       0        0       -       -  0",
  "",
].join("\n");

const routesText = [
  "ROUTER  HOST  ROUTE  TO       BREAKER            CALLS  ACTIVE  ERRORS  RETRIES     P50     P99  FAILED",
  "r       all   pay    payment  open, probe in 4s     20       1       2        4  1.3 ms  120 ms  3 (UH 2, DT 1)",
  "r       all   rest   shop     -                      0       0       0        0       -       -  0",
  "",
].join("\n");

const listenersText = [
  "LISTENER  TYPE    ADDRESS         PROTOCOL   ROUTER  CONNS  REFUSED  MALFORMED",
  "egress    egress  127.0.0.1:2046  http1      r           3        0          1",
  "inner     egress  -               auto, TLS  r           0        0          0",
  "",
].join("\n");

describe("layotto mesh", () => {
  it("shows everything, of the hosts only those that are out", async () => {
    await installation.servePages("state", {});
    await installation.servePages("mesh", { mesh: page });
    const { code, stdout, stderr } = await layotto("mesh");
    const [head = "", , out = ""] = hostsText.split("\n");
    const parts = [
      listenersText,
      routesText,
      clustersText,
      `${head}\n${out}\n`,
      "router r: 3 calls matched no route\nservice shop in registry zk: failed: refused\nxDS: not connected: no server answers\n",
    ];
    assert.equal(stdout, parts.join("\n"));
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("shows one kind, and one name of it", async () => {
    await installation.servePages("mesh", { mesh: page });
    assert.equal((await layotto("mesh", "hosts")).stdout, hostsText);
    assert.equal((await layotto("mesh", "hosts", "payment")).stdout, hostsText);
    const [head, , second] = (await layotto("mesh", "clusters")).stdout.split("\n");
    assert.equal(`${head}\n${second}`, clustersText.split("\n").filter((_, i) => i % 2 === 0).slice(0, 2).join("\n")); // prettier-ignore
    const { stdout } = await layotto("mesh", "routes", "shop", "--json");
    const { routes, ...rest } = JSON.parse(stdout) as {
      routes: { route: string; process: string }[];
    };
    assert.deepEqual(rest, {});
    assert.deepEqual(routes.map(({ route, process }) => [process, route]), [["mesh", "rest"]]); // prettier-ignore
  });

  it("names the process where several have a mesh, and reads pages of other versions", async () => {
    await installation.servePages("east", { mesh: page });
    await installation.servePages("west", { mesh: { clusters: [{ name: "new" }], listeners: 3 } });
    const { stdout } = await layotto("mesh", "clusters");
    const [head = "", ...rows] = stdout.split("\n");
    assert.match(head, /^PROCESS {2}CLUSTER/);
    assert.deepEqual(
      rows.map((row) => row.split(/ +/).slice(0, 2)),
      [["east", "payment"], ["east", "shop"], ["west", "new"], [""]],
    );
  });

  it("says that there is no host out, and notes a process that cannot be asked", async () => {
    await installation.servePages("mesh", { mesh: {} });
    installation.addProcess("away", [], { state: "backoff", reason: "it crashed" });
    const { code, stdout, stderr } = await layotto("mesh");
    assert.equal(stdout, "no listeners\n\nno routes\n\nno clusters\n\nno host is out, 0 known\n");
    const note = 'cannot ask the process "away": it is in state "backoff", it crashed\n';
    assert.deepEqual([code, stderr], [0, note]);
  });

  it("shows it again and again with --watch", async () => {
    await installation.servePages("mesh", { mesh: page });
    const run = start("mesh", "clusters", "--json", "--watch");
    await run.printed("}\n{");
    const [first = ""] = run.stdout().split("\n");
    assert.equal((JSON.parse(first) as { clusters: unknown[] }).clusters.length, 2);
    run.child.kill("SIGINT");
    await run.ended;
  });

  it("says in one line what cannot be shown", async () => {
    await installation.servePages("mesh", { mesh: page });
    const wrong = await layotto("mesh", "hosts", "nowhere");
    assert.equal(wrong.code, 2);
    assert.equal(
      wrong.stderr,
      'Cannot show hosts "nowhere": there are payment\nSee "layotto mesh hosts"\n',
    );
    const unknown = await layotto("mesh", "pods");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /"pods" is unknown; there are clusters, routes, hosts, listeners/);
  });

  it("says that no mesh runs, or that it cannot be reached", async () => {
    await installation.servePages("state", {});
    const without = await layotto("mesh");
    assert.equal(without.code, 69);
    assert.match(
      without.stderr,
      /^Cannot show the mesh: no rpc-mesh runs for "\/app\/layotto.yaml"\n/,
    );
    installation.addProcess("mesh", [], { state: "starting", reason: null });
    const away = await layotto("mesh");
    assert.equal(away.code, 69);
    assert.match(away.stderr, /the process "mesh" cannot be reached: it is in state "starting"\n/);
  });
});
