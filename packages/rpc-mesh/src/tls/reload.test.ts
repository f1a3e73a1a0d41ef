import assert from "node:assert/strict";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLogger } from "@layotto/sidecar-kit";
import { eventually, makeAuthority, tempDir } from "@layotto/sidecar-kit/testing";
import { ClientTls } from "./client-tls.ts";
import { ServerTls } from "./server-tls.ts";
import { issueFor } from "./testing/issue.ts";
import { greet, listenTls } from "./testing/pair.ts";

async function place(t: TestContext, layout?: (dir: string) => { cert: string; key: string }) {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const pairs = ["one", "two"].map((name) => issueFor(dir, authority, name, ["DNS:localhost"]));
  const [one, two] = pairs;
  assert.ok(one !== undefined && two !== undefined);
  const used = layout?.(dir) ?? { cert: join(dir, "used.pem"), key: join(dir, "used.key") };
  if (layout === undefined) put(one, used);
  const lines: string[] = [];
  const logger = createLogger({ name: "test", write: (text) => lines.push(text) });
  const server = new ServerTls(
    { certificates: [used], ca: authority.cert, requireClientCert: true, acceptPlaintext: false },
    logger,
  );
  const { port } = await listenTls(t, server);
  const client = new ClientTls({ ca: authority.cert, ...used }, logger);
  t.after(() => client.close());
  const seen = async () => {
    const socket = await greet(port, client);
    const answer = [socket.getPeerCertificate().subject.CN, ownName(socket)];
    socket.destroy();
    return answer.join();
  };
  return { dir, one, two, used, port, server, client, seen, lines };
}

const ownName = (socket: Awaited<ReturnType<typeof greet>>) => {
  const own = socket.getCertificate();
  return own !== null && "subject" in own ? own.subject.CN : "";
};

function put(from: { cert: string; key: string }, to: { cert: string; key: string }): void {
  for (const kind of ["cert", "key"] as const) {
    copyFileSync(from[kind], `${to[kind]}.new`);
    renameSync(`${to[kind]}.new`, to[kind]);
  }
}

test("both sides use renamed files for the next connection; open ones live on", async (t) => {
  const { seen, one, two, used, port, client } = await place(t);
  assert.equal(await seen(), "one,one");
  const old = await greet(port, client);
  put(two, used);
  await eventually("reload", async () => (await seen()) === "two,two");
  old.write("still here");
  assert.equal(String((await once(old, "data"))[0]), "still here");
  old.destroy();
  put(one, used);
  await eventually("a second reload", async () => (await seen()) === "one,one");
});

test("a swapped ..data link, as Kubernetes mounts secrets, is seen", async (t) => {
  let swap: ((name: string) => void) | undefined;
  const { seen, two, one } = await place(t, (dir) => {
    const mount = join(dir, "mount");
    mkdirSync(mount);
    swap = (name) => {
      const version = join(mount, `..${name}`);
      mkdirSync(version);
      copyFileSync(join(dir, `${name}.pem`), join(version, "tls.crt"));
      copyFileSync(join(dir, `${name}.key`), join(version, "tls.key"));
      symlinkSync(`..${name}`, join(mount, "..data_tmp"));
      renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    swap("one");
    symlinkSync("..data/tls.crt", join(mount, "tls.crt"));
    symlinkSync("..data/tls.key", join(mount, "tls.key"));
    return { cert: join(mount, "tls.crt"), key: join(mount, "tls.key") };
  });
  assert.ok(one !== two);
  assert.equal(await seen(), "one,one");
  swap?.("two");
  await eventually("reload", async () => (await seen()) === "two,two");
});

test("a bad pair keeps the old one with one warning each, and a good one is used again", async (t) => {
  const { seen, two, used, server, client, lines } = await place(t);
  copyFileSync(two.cert, used.cert);
  await eventually("notice", () => server.error !== undefined && client.error !== undefined);
  assert.match(String(server.error), /used\.pem" and ".*used\.key" a certificate and its key/);
  assert.equal(await seen(), "one,one");
  writeFileSync(join(used.cert, "..", "unrelated"), "x");
  const warnings = () => lines.filter((line) => line.includes("keeping the old")).length;
  assert.equal(warnings(), 2);
  writeFileSync(used.cert, "no PEM at all");
  await eventually("notice", () => /PEM certificate/.test(String(server.error)));
  unlinkSync(used.cert);
  await eventually("notice", () => /readable/.test(String(server.error)));
  assert.equal(await seen(), "one,one");
  put(two, used);
  await eventually("reload", async () => (await seen()) === "two,two");
  assert.equal(server.error, undefined);
});

test("files that appear later make ClientTls usable", async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const ca = join(dir, "later", "ca.pem");
  const logger = createLogger({ name: "test", write: () => {} });
  const tls = new ClientTls({ ca }, logger);
  t.after(() => tls.close());
  assert.ok(tls.error);
  mkdirSync(join(dir, "later"));
  writeFileSync(ca, readFileSync(authority.cert));
  await eventually("reload", () => tls.error === undefined);
});

test("reloading under load fails no handshake", async (t) => {
  const { one, two, used, port, client } = await place(t);
  let [running, done] = [true, 0];
  const names = new Set<string | undefined>();
  const worker = async () => {
    while (running) {
      const socket = await greet(port, client);
      names.add(ownName(socket) as string | undefined);
      socket.destroy();
      done += 1;
    }
  };
  const workers = [worker(), worker(), worker(), worker()];
  for (let i = 0; i < 4; i += 1) {
    const before = done;
    put(i % 2 === 0 ? two : one, used);
    await eventually("handshakes", () => done > before + 60);
  }
  running = false;
  await Promise.all(workers);
  assert.equal(names.size, 2);
});
