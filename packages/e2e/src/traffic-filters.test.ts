import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Lifecycle } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { client, Status } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { paths, runtime } from "./harness/calls.ts";
import { layotto as command } from "./harness/command.ts";
import { hellos } from "./harness/configs.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Scope } from "./harness/scope.ts";

const scope = new Scope();
after(() => scope.close());

/** Lets so many calls pass in an hour. */
const rule = (threshold: number): object => ({
  resource: paths.sayHello,
  threshold,
  statIntervalInMs: 3_600_000,
});

/** Codes of this many calls, one after the other. */
async function codes(layotto: Layotto, calls: number): Promise<number[]> {
  const { sayHello } = runtime(layotto.client());
  const all: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const code = await sayHello({ serviceName: "helloworld", name: `n${i}` }).then(
      () => Status.OK,
      (error: { code: number; message: string }) => {
        assert.equal(error.message, "current request is limited");
        return error.code;
      },
    );
    all.push(code);
  }
  return all;
}

const { OK, RESOURCE_EXHAUSTED } = Status;

describe("flow control of a running gateway", () => {
  let layotto: Layotto;
  let rulesFile = "";
  before(async () => {
    const dir = scope.folder();
    rulesFile = join(dir, "rules.yaml");
    const flowControl = { global_switch: true, rules: [rule(1)], rulesFile };
    const config = { hellos, gateway: { flowControl } };
    writeFileSync(rulesFile, JSON.stringify([rule(2)]));
    layotto = scope.use(await startLayotto({ config }));
  });

  it("refuses calls beyond the rules of the watched file, and shows it in the metrics", async () => {
    assert.deepEqual(await codes(layotto, 4), [OK, OK, RESOURCE_EXHAUSTED, RESOURCE_EXHAUSTED]);
    const text = await (await fetch(`${layotto.actuator}/actuator/metrics`)).text();
    assert.match(text, /layotto_flow_blocked_total\{.*SayHello.*\} 2/);
  });

  it("takes changes of the file, and keeps the rules when the file is bad", async () => {
    writeFileSync(rulesFile, "- resource: [");
    await eventually("it complains", () => layotto.output().includes("Cannot use the file"));
    assert.deepEqual(await codes(layotto, 1), [RESOURCE_EXHAUSTED]);
    writeFileSync(rulesFile, JSON.stringify({ rules: [rule(3)], action: {} }));
    await eventually("one more may pass", async () => (await codes(layotto, 1))[0] === OK);
    assert.deepEqual(await codes(layotto, 1), [RESOURCE_EXHAUSTED]);
  });

  it("takes rules by ApplyConfiguration, and leaves other kinds to their sidecars", async () => {
    const { applyConfiguration } = client(Lifecycle, layotto.client());
    const change = (kind: string, name: string, metadata: Record<string, string>) =>
      applyConfiguration({ componentConfig: { kind, name, metadata } });
    await change("flowControl", "gateway", { rules: "[]" });
    assert.deepEqual(await codes(layotto, 2), [OK, OK]);
    await change("hellos", "helloworld", { hello: "good day" });
    const { hello } = await runtime(layotto.client()).sayHello({ serviceName: "helloworld" });
    assert.match(hello, /good day/);
    await assert.rejects(change("flowControl", "nobody", { rules: "[]" }), {
      message: "component not found. kind: flowControl , name: nobody",
    });
  });
});

describe("the traffic dump of a running gateway", () => {
  it("holds what callers sent; layotto traffic prints and replays it", async () => {
    const strategy = { switch: "ON", interval: 3600, duration: 3599 };
    const limits = { cpu_max_rate: 99, mem_max_rate: 99 };
    const tcpcopy = { strategy: { ...strategy, ...limits } };
    const config = { hellos, gateway: { tcpcopy } };
    const layotto = scope.use(await startLayotto({ config }));
    assert.deepEqual(await codes(layotto, 3), [OK, OK, OK]);
    const file = join(layotto.dir, "data", "dump", "dump_tcp_copy.log");
    const written = (): boolean => /n2/.test(bytesOf(file));
    await eventually("the calls are in the file", written);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(layotto.output(), /payloads and credentials included/);

    const printed = await command(["traffic", file]);
    assert.match(printed.stdout, /SayHello .*\n.*\n {4}> \d+ B {2}.*"name":"n2"/);
    assert.match(printed.stdout, /1 connections, 3 calls/);
    const to = ["--replay", `127.0.0.1:${layotto.port}`, "--speed", "max"];
    const replayed = await command(["traffic", file, ...to, "--json"]);
    assert.equal(replayed.code, 0, replayed.stderr);
    const report = JSON.parse(replayed.stdout) as { methods: { codes: unknown }[] }; // see docs/cli.md
    assert.deepEqual(report.methods[0]?.codes, { OK: 3 });
  });
});

/** What the records of a dump hold. */
function bytesOf(file: string): string {
  try {
    const hex = readFileSync(file, "latin1").replace(/^#.*$|^\[.*\]|\n/gm, "");
    return Buffer.from(hex, "hex").toString("latin1");
  } catch {
    return "";
  }
}
