import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { createLogger, Metrics } from "@layotto/sidecar-kit";
import {
  eventually,
  fakeClock,
  selfSigned,
  skipWithout,
  tempDir,
  type FakeClock,
} from "@layotto/sidecar-kit/testing";
import { GrpcClient, type Http2Connection } from "@layotto/grpc-transport";
import { gatewaySettings } from "../settings.ts";
import { echo, ready, sidecar, start } from "../testing/harness.ts";
import { DumpFile, type DumpFileOptions } from "./dump-file.ts";
import type { Load } from "./load-meter.ts";
import { TrafficDump } from "./traffic-dump.ts";

const limits = { maxFileBytes: 1_000, maxFiles: 3, maxBufferBytes: 10_000 };

describe("DumpFile", () => {
  const file = (t: TestContext, more: Partial<DumpFileOptions> = {}) => {
    const path = join(tempDir(t), "sub", "d.log");
    const errors: unknown[] = [];
    const made = new DumpFile({ path, ...limits, onError: (error) => errors.push(error), ...more });
    t.after(() => made.close());
    return { made, path: more.path ?? path, errors };
  };

  test("appends whole lines to a file that only its owner may read", async (t) => {
    const { made, path } = file(t);
    for (const line of ["a", "b", "c"]) assert.ok(made.append(line));
    await made.flush();
    made.append("d");
    await made.close();
    assert.equal(readFileSync(path, "latin1"), "a\nb\nc\nd\n");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  });

  test("sets full files aside and keeps so many of them", async (t) => {
    const { made, path } = file(t);
    for (let i = 0; i < 40; i += 1) {
      made.append(String(i).padEnd(199, "."));
      await made.flush();
    }
    assert.deepEqual(readdirSync(join(path, "..")).sort(), ["d.log", "d.log.1", "d.log.2"]);
    const numbers = (name: string) => readFileSync(name, "latin1").match(/^\d+/gm)?.map(Number);
    assert.deepEqual(numbers(path), [35, 36, 37, 38, 39]);
    assert.deepEqual(numbers(`${path}.1`), [30, 31, 32, 33, 34]);
  });

  test("takes no more than may wait", async (t) => {
    const { made, path } = file(t, { maxFileBytes: 1_000_000 });
    let taken = 0;
    while (made.append("x".repeat(999))) taken += 1;
    assert.equal(taken, 10);
    await made.flush();
    assert.ok(made.append("room again"));
    await made.flush();
    assert.equal(statSync(path).size, 10_011);
  });

  test("tells of what it cannot write, follows no symlink, and goes on later", async (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "target"), "untouched");
    symlinkSync(join(dir, "target"), join(dir, "link.log"));
    const linked = file(t, { path: join(dir, "link.log") });
    linked.made.append("x");
    await linked.made.flush();
    assert.match(String(linked.errors[0]), /ELOOP/);
    assert.equal(readFileSync(join(dir, "target"), "latin1"), "untouched");
    writeFileSync(join(dir, "file"), "");
    const blocked = file(t, { path: join(dir, "file", "d.log") });
    blocked.made.append("x");
    await blocked.made.flush();
    assert.match(String(blocked.errors[0]), /ENOTDIR|EEXIST/);
  });
});

/** A connection as far as a recording looks at it. */
function connection(reads = 1): Http2Connection & { reads: number; state: Buffer | undefined } {
  const made = { reads, state: Buffer.from("state"), recordingStart: () => made.state };
  return made as unknown as ReturnType<typeof connection>; // nothing else of it is used
}

interface Dumping {
  dump: TrafficDump;
  clock: FakeClock;
  directory: string;
  lines: string[];
  load: { cpu: number; memory: number };
  records(): string[];
}

function dumping(t: TestContext, strategy: object = {}, more: object = {}): Dumping {
  const { config } = gatewaySettings({ tcpcopy: { strategy: { switch: "ON", ...strategy }, ...more } });
  assert.ok(config?.tcpcopy);
  const directory = join(tempDir(t), "dump");
  const lines: string[] = [];
  const logger = createLogger({ name: "t", write: (text) => lines.push(text) });
  const load = { cpu: 10, memory: 10 } satisfies Load;
  const clock = fakeClock();
  const dump = new TrafficDump({
    ...{ config: config.tcpcopy, directory, logger, metrics: new Metrics(), clock },
    ...{ staticConfig: () => '{"a":"ä"}', liveConfig: () => "{}", load: () => load },
  });
  t.after(() => dump.close());
  const file = join(directory, "dump_tcp_copy.log");
  const records = () => (existsSync(file) ? readFileSync(file, "latin1").match(/^\[.*$/gm) ?? [] : []);
  return { dump, clock, directory, lines, load, records };
} // prettier-ignore

describe("TrafficDump", () => {
  test("records the first seconds of each interval and says so loudly", async (t) => {
    const { dump, clock, lines } = dumping(t, { interval: 30, duration: 5 });
    dump.start();
    assert.match(lines.join(""), /payloads and credentials included/);
    const at: boolean[] = [];
    for (let second = 0; second < 61; second += 1) {
      at.push(dump.recording);
      await clock.advance(1_000);
    }
    const on = at.flatMap((one, second) => (one ? [second] : []));
    assert.deepEqual(on, [0, 1, 2, 3, 4, 30, 31, 32, 33, 34, 60]);
  });

  test("copies the bytes: the buffer is used again", async (t) => {
    const { dump, records } = dumping(t);
    dump.start();
    const tap = dump.tap(() => "34904");
    const one = connection();
    const buffer = Buffer.from("..first..");
    tap(one, buffer, 2, 7);
    buffer.fill(0);
    tap(connection(), Buffer.from("second"), 0, 6);
    tap(one, Buffer.from("third"), 0, 5);
    await dump.close();
    const parsed = records().map((line) => /^\[([0-9a-f-]{36})\]\[34904\](\w+)$/.exec(line));
    assert.deepEqual(
      parsed.map((match) => Buffer.from(match?.[2] ?? "", "hex").toString()),
      ["first", "second", "third"],
    );
    const ids = parsed.map((match) => match?.[1] ?? "");
    assert.equal(ids[0], ids[2]);
    assert.notEqual(ids[0], ids[1]);
    assert.equal(ids[0]?.slice(0, 24), ids[1]?.slice(0, 24), "one window");
  });

  test("a connection that is older than the window begins at a frame, with its state before it", async (t) => {
    const { dump, records } = dumping(t);
    dump.start();
    const old = connection(7);
    const { state } = old;
    old.state = undefined;
    dump.tap(() => "1")(old, Buffer.from("tail of a frame"), 0, 15);
    old.state = state;
    dump.tap(() => "1")(old, Buffer.from("frame"), 0, 5);
    await dump.close();
    const texts = records().map((line) => Buffer.from(line.split("]")[2] ?? "", "hex").toString());
    assert.deepEqual(texts, ["state", "frame"]);
  });

  test("does nothing while the process takes too much, and stops when it begins to", async (t) => {
    const { dump, clock, load, lines } = dumping(t, { duration: 20, cpu_max_rate: 50 });
    load.cpu = 60;
    dump.start();
    assert.equal(dump.recording, false);
    load.cpu = 10;
    await clock.advance(30_000);
    assert.equal(dump.recording, true);
    load.memory = 90;
    await clock.advance(1_000);
    assert.equal(dump.recording, false);
    assert.match(lines.join(""), /is not begun.*ends early/s);
  });

  test("leaves connections out that the disk is too slow for, wholly from there on", async (t) => {
    const { dump, lines, records } = dumping(t, {}, { maxBufferBytes: 65_536 });
    dump.start();
    const [big, small] = [connection(), connection()];
    dump.tap(() => "1")(big, Buffer.alloc(20_000), 0, 20_000);
    dump.tap(() => "1")(big, Buffer.alloc(20_000), 0, 20_000);
    dump.tap(() => "1")(big, Buffer.alloc(10), 0, 10);
    dump.tap(() => "1")(small, Buffer.alloc(10), 0, 10);
    await dump.close();
    assert.equal(records().length, 2);
    assert.match(lines.join(""), /"lostBytes":20010/);
  });

  test("writes under which configuration it was made, once while it stays the same", async (t) => {
    const { dump, clock, directory } = dumping(t);
    dump.start();
    await clock.advance(30_000);
    await dump.close();
    const text = readFileSync(join(directory, "dump_static_conf.log"), "latin1");
    assert.match(text, /^\[[0-9a-f-]{23}-0{12}\]\{"a":"\\u00e4"\}\n\[[0-9a-f-]{36}\]no_change\n$/);
    assert.ok(existsSync(join(directory, "dump_mem_dump.log")));
  });

  test("ends a recording that cannot be written and tries again in the next interval", async (t) => {
    const { dump, clock, directory, lines, records } = dumping(t);
    writeFileSync(directory, "in the way");
    dump.start();
    dump.tap(() => "1")(connection(), Buffer.from("a"), 0, 1);
    await eventually("it gives up", () => !dump.recording);
    assert.match(lines.join(""), /Cannot write the traffic dump/);
    const { unlinkSync } = await import("node:fs");
    unlinkSync(directory);
    mkdirSync(directory);
    await clock.advance(30_000);
    dump.tap(() => "1")(connection(), Buffer.from("b"), 0, 1);
    await dump.close();
    assert.equal(records().length, 1);
  });
});

/** A recording that lasts as long as a test, whatever the machine has to do. */
const throughout = { interval: 3600, duration: 3599, cpu_max_rate: 99, mem_max_rate: 99 };

test("a gateway records what its public listeners receive, and nothing when it is off", async (t) => {
  const directory = join(tempDir(t), "dump");
  for (const on of ["OFF", "FORCE_OFF", "ON"]) {
    const strategy = { ...throughout, switch: on };
    const { gateway, runDir, call, actuator } = await start(t, ["a"], { tcpcopy: { strategy, directory } });
    await sidecar(t, runDir, "a");
    await ready(gateway);
    await call(echo, {}, Buffer.from("payload"));
    const info = (await (await actuator("info")).json()) as { tcpcopy?: { directory: string } }; // see info()
    assert.equal(info.tcpcopy?.directory, on === "ON" ? directory : undefined);
    await gateway.close();
    assert.equal(existsSync(directory), on === "ON");
  }
  const text = readFileSync(join(directory, "dump_tcp_copy.log"), "latin1");
  const bytes = Buffer.from(text.replace(/^#.*$|^\[.*\]/gm, "").replace(/\n/g, ""), "hex").toString("latin1");
  assert.match(bytes, /^PRI \* HTTP\/2\.0/);
  assert.ok(bytes.includes("payload"));
}); // prettier-ignore

test("what comes over TLS is recorded decrypted", { skip: skipWithout("openssl") }, async (t) => {
  const { cert, key } = selfSigned(tempDir(t));
  const directory = join(tempDir(t), "dump");
  const strategy = { ...throughout, switch: "ON" };
  const { gateway, runDir } = await start(t, ["a"], {
    ...{ tls: { cert, key }, tcpcopy: { strategy, directory } },
  });
  await sidecar(t, runDir, "a");
  await ready(gateway);
  const [host = "", port = ""] = (gateway.addresses[0] ?? "").split(":");
  const tls = { ca: readFileSync(cert) };
  const channel = new GrpcClient({ host, port: Number(port), tls });
  t.after(() => channel.close());
  await channel.unary(echo, Buffer.from("payload"));
  await gateway.close();
  const text = readFileSync(join(directory, "dump_tcp_copy.log"), "latin1");
  assert.ok(text.includes(`][${port}]${Buffer.from("PRI * HTTP/2.0").toString("hex")}`));
  assert.ok(text.includes(Buffer.from("payload").toString("hex")));
});
