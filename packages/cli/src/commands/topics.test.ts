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

/** Runs the command to its end. */
async function layotto(...args: string[]) {
  const cwd = installation.runDir;
  const run = runLayotto([...args, "--run-dir", cwd], { cwd, env: { RUNTIME_CONFIG: undefined } });
  runs.push(run);
  const code = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

const created = {
  pubsub: "orders",
  topic: "created",
  counts: { published: 120, delivered: 121, retried: 2, dead_lettered: 1 },
  subscription: {
    group: "shop",
    state: "open",
    sinks: ["app", "stream"],
    unsettled: 3,
    oldestMs: 1500,
    lag: 7,
  },
};
const audit = { pubsub: "audit", topic: "all", counts: { published: 1, expired: 2 } };

const letter = {
  messageId: "17-0",
  eventId: "e1",
  topic: "created",
  group: "shop",
  reason: "the app answered RETRY",
  attempts: 5,
  firstAttemptMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 9, 250),
  data: Buffer.from(`{"id":"e1","data":"${"x".repeat(300)}"}`),
};
const foreign = { messageId: "18-0", reason: "not a dead letter", data: Buffer.from([0, 65, 27]) };

async function serveBoth(): Promise<void> {
  await installation.serve("pubsub", ["orders"], { topics: [created], letters: [letter, foreign] });
  await installation.serve("audit-pubsub", ["audit"], { topics: [audit] });
}

describe("layotto topics", () => {
  it("lists the topics of all processes", async () => {
    await serveBoth();
    for (const args of [[], ["list"]]) {
      const { code, stdout, stderr } = await layotto("topics", ...args);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(
        stdout,
        [
          "PUBSUB  TOPIC    GROUP  STATE  TAKEN BY     LAG  UNSETTLED  OLDEST  PUBLISHED  DELIVERED  RETRIED  DEAD  DROPPED  EXPIRED",
          "audit   all      -      -      -              -          -       -          1          0        0     0        0        2",
          "orders  created  shop   open   app, stream    7          3      1s        120        121        2     1        0        0",
          "",
        ].join("\n"),
      );
    }
  });

  it("lists as JSON", async () => {
    await serveBoth();
    const { stdout } = await layotto("topics", "--json");
    const process = { orders: "pubsub", audit: "audit-pubsub" };
    assert.deepEqual(JSON.parse(stdout), {
      topics: [
        { process: process.audit, ...audit, subscription: null },
        { process: process.orders, ...created },
      ],
    });
  });

  it("says that there are no topics yet", async () => {
    await installation.serve("pubsub", ["orders"], {});
    const { code, stdout } = await layotto("topics");
    assert.equal(code, 0);
    assert.equal(stdout, "no topics: nothing was published or subscribed to so far\n");
  });

  it("lists what it can get when a process is down, and says which", async () => {
    await serveBoth();
    const reason = "exited with code 1: no disk";
    installation.addProcess("broken", ["b"], { state: "backoff", pid: null, reason });
    const { code, stdout, stderr } = await layotto("topics");
    assert.equal(code, 69);
    assert.match(stdout, /^orders {2}created /m);
    assert.equal(
      stderr,
      'Cannot list the topics of "broken": the process "broken" cannot be reached: ' +
        `it is in state "backoff", ${reason}\nSee "layotto status"\n`,
    );
  });

  it("says what is missing when nothing runs or nothing is configured", async () => {
    installation.addProcess("state", []);
    const none = await layotto("topics", "peek", "orders", "dead");
    assert.equal(none.code, 69);
    assert.match(none.stderr, /^Cannot reach any topics: no pub\/sub component runs for ".*"\n/);
    const nobody = runLayotto(["topics", "--run-dir", "/nonexistent"], {
      cwd: installation.runDir,
    });
    runs.push(nobody);
    assert.equal(await nobody.ended, 69);
    assert.match(nobody.stderr(), /^Cannot reach a supervisor: none is running in /);
  });

  it("refuses command lines that cannot be understood", async () => {
    const cases: [string[], RegExp][] = [
      [["purge"], /"purge" is unknown; there are list, peek and redrive\nSee "layotto topics --h/],
      [["peek", "orders", ""], /PUBSUB TOPIC is missing/],
      [["list", "orders"], /"orders" is one operand too many/],
      [["--limit", "3"], /--limit is for peek and redrive/],
      [["peek", "a", "b", "--limit", "0"], /Cannot use --limit "0": must be a whole number from 1/],
      [["redrive", "a", "b", "--wait", "1s"], /Cannot use --wait "1s": must be milliseconds/],
    ];
    const results = await Promise.all(cases.map(([args]) => layotto("topics", ...args)));
    for (const [i, { code, stderr }] of results.entries()) {
      assert.equal(code, 2);
      assert.match(stderr, cases[i]?.[1] ?? /^$/);
    }
  });
});

describe("layotto topics peek", () => {
  it("shows dead letters of the process that has the component", async () => {
    await serveBoth();
    const flags = ["--limit", "2", "--wait", "0"];
    const { code, stdout } = await layotto("topics", "peek", "orders", "dead", ...flags);
    assert.equal(code, 0);
    const shown = letter.data.subarray(0, 200).toString();
    assert.equal(
      stdout,
      [
        "message   17-0",
        "event     e1",
        "from      topic created, group shop",
        "reason    the app answered RETRY",
        "attempts  5, first 2026-01-02T03:04:05.000Z, last 2026-01-02T03:04:09.250Z",
        `size      ${letter.data.length} bytes`,
        `data      ${shown}…`,
        "",
        "message   18-0",
        "reason    not a dead letter",
        "size      3 bytes",
        "data      .A.",
        "",
      ].join("\n"),
    );
    const [asked] = installation.requests;
    assert.equal(asked?.process, "pubsub");
    const { pubsub, topic, limit, waitMs } = asked.request;
    assert.deepEqual([pubsub, topic, limit, waitMs], ["orders", "dead", 2, 1]);
  });

  it("prints the whole message as JSON", async () => {
    await serveBoth();
    const { stdout } = await layotto("topics", "peek", "orders", "dead", "--json");
    const { messages } = JSON.parse(stdout) as { messages: object[] };
    const data = letter.data.toString("base64");
    assert.deepEqual(messages[0], { ...letter, size: letter.data.length, data });
    assert.deepEqual(messages[1], {
      ...{ ...foreign, eventId: "", topic: "", group: "", attempts: 0 },
      ...{ firstAttemptMs: null, timeMs: null, size: 3, data: "AEEb" },
    });
  });

  it("says that there are none, and passes on what the sidecar says", async () => {
    await serveBoth();
    const none = await layotto("topics", "peek", "audit", "dead", "--wait", "20");
    assert.deepEqual(
      [none.code, none.stdout],
      [0, 'no dead letters in "audit/dead" (waited 20 ms)\n'],
    );
    const unknown = await layotto("topics", "peek", "nope", "dead");
    assert.deepEqual(
      [unknown.code, unknown.stderr],
      [1, 'Cannot peek at "nope/dead": pubsub nope not found; configured are orders, audit\n'],
    );
  });
});

describe("layotto topics redrive", () => {
  it("says how many were published again", async () => {
    await serveBoth();
    const { code, stdout } = await layotto("topics", "redrive", "orders", "dead");
    assert.deepEqual([code, stdout], [0, "redriven 2, skipped 1\n"]);
    const json = await layotto("topics", "redrive", "orders", "dead", "--json", "--limit", "5");
    assert.deepEqual(JSON.parse(json.stdout), { redriven: 2, skipped: 1 });
    const asked = installation.requests.map(({ process, request }) => [process, request.limit]);
    assert.deepEqual(asked, [
      ["pubsub", 0],
      ["pubsub", 5],
    ]);
  });
});

describe("layotto status", () => {
  it("shows subscriptions with trouble below the table", async () => {
    const subscription = { ...created.subscription, state: "waiting for the app" };
    const topics = [{ ...created, counts: {}, subscription }];
    await installation.serve("pubsub", ["orders"], { topics });
    const { code, stdout } = await layotto("status");
    assert.equal(code, 0);
    assert.match(stdout, /^pubsub .* ready .*\n\npubsub orders\/created: waiting for the app\n$/m);
    const json = JSON.parse((await layotto("status", "--json")).stdout) as {
      subscriptions: object[];
    };
    const about = { process: "pubsub", pubsub: "orders", topic: "created", deadLettered: 0 };
    assert.deepEqual(json.subscriptions, [
      { ...about, ...subscription, trouble: "waiting for the app" },
    ]);
  });
});
