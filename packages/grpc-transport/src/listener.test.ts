import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { listen } from "./listener.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "transport-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

describe("listen", () => {
  test("says where, for TCP and IPv6", async (t) => {
    const server = createServer();
    t.after(() => server.close());
    const bound = await listen(server, { host: "127.0.0.1", port: 0 });
    assert.equal(bound.address, `127.0.0.1:${bound.port}`);
    const six = createServer();
    t.after(() => six.close());
    const inSix = await listen(six, { host: "::1", port: 0 }).catch(() => undefined);
    if (inSix) assert.equal(inSix.address, `[::1]:${inSix.port}`);
  });

  test("a unix socket has its mode from the first moment, and the process keeps its umask", async (t) => {
    const path = join(folder(t), "a.sock");
    const server = createServer();
    t.after(() => server.close());
    const before = process.umask();
    const bound = listen(server, { path, mode: 0o600 });
    assert.equal(statSync(path).mode & 0o777, 0o600, "before the event of listening");
    assert.equal(process.umask(), before);
    assert.equal((await bound).address, `unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test("rejects with the system's error", async (t) => {
    const first = createServer();
    t.after(() => first.close());
    const { port = 0 } = await listen(first, { host: "127.0.0.1", port: 0 });
    const busy = listen(createServer(), { host: "127.0.0.1", port });
    await assert.rejects(busy, { code: "EADDRINUSE" });
    const nowhere = listen(createServer(), { path: join(folder(t), "no", "a.sock"), mode: 0o600 });
    await assert.rejects(nowhere, (error: NodeJS.ErrnoException) => error.code !== undefined);
  });
});
