import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from "node:net";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { deferred } from "@layotto/sidecar-kit";
import { fakeClock, tempDir } from "@layotto/sidecar-kit/testing";
import type { Source } from "../config/settings.ts";
import { WasmError } from "../errors.ts";
import { Sources, type SourcesOptions } from "./sources.ts";
import { startServer } from "./testing/http-server.ts";

const { signal } = new AbortController();
const module = Buffer.from("\0asm\x01\0\0\0");

function open(test: TestContext, options: Partial<SourcesOptions> = {}): Sources {
  const sources = new Sources({ allowedUrls: [], allowedRegistries: [], maxBytes: 1000, ...options }); // prettier-ignore
  test.after(() => sources.close());
  return sources;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    assert.ok(error instanceof WasmError, String(error));
    return `${error.reason} ${error.status}: ${error.message}`;
  }
}

describe("Sources: files", () => {
  it("are read and their digests checked", async (test) => {
    const path = join(tempDir(test), "a.wasm");
    writeFileSync(path, module);
    const [sha256, md5] = ["sha256", "md5"].map((each) => createHash(each).update(module).digest("hex")); // prettier-ignore
    assert.ok(sha256 !== undefined && md5 !== undefined);
    const sources = open(test);
    const { bytes, origin } = await sources.fetch({ kind: "file", path, sha256, md5 }, signal);
    assert.deepEqual([Buffer.from(bytes), origin], [module, path]);
    const wrong = "0".repeat(64);
    assert.equal(
      await refusal(sources.fetch({ kind: "file", path, sha256: wrong }, signal)),
      `DIGEST_MISMATCH 400: "${path}" has the sha256 "${sha256}", not "${wrong}": correct one or the other`,
    );
    assert.match(await refusal(sources.fetch({ kind: "file", path, md5: "0".repeat(32) }, signal)), /has the md5 "[0-9a-f]{32}", not "0{32}"/); // prettier-ignore
  });

  it("are refused when they are not there, no files, or too large", async (test) => {
    const dir = tempDir(test);
    const at = (name: string, maxBytes?: number) =>
      refusal(open(test).fetch({ kind: "file", path: join(dir, name) }, signal, maxBytes));
    mkdirSync(join(dir, "folder.wasm"));
    symlinkSync("/dev/zero", join(dir, "endless.wasm"));
    writeFileSync(join(dir, "large.wasm"), Buffer.alloc(1001));
    assert.equal(await at("none.wasm"), `SOURCE_UNREADABLE 400: cannot read "${dir}/none.wasm": there is no such file`); // prettier-ignore
    assert.equal(await at("folder.wasm"), `SOURCE_UNREADABLE 400: cannot read "${dir}/folder.wasm": it is not a file`); // prettier-ignore
    assert.equal(await at("endless.wasm"), `SOURCE_UNREADABLE 400: cannot read "${dir}/endless.wasm": it is not a file`); // prettier-ignore
    assert.equal(await at("large.wasm"), `MODULE_TOO_LARGE 413: "${dir}/large.wasm" is larger than 1000 octets: make it smaller or raise max_module_bytes`); // prettier-ignore
    assert.equal(await at("large.wasm", 1001), "none");
  });
});

describe("Sources: URLs", () => {
  it("are fetched from where the list allows", async (test) => {
    const origin = await startServer(test, (request, response) => {
      response.writeHead(request.url === "/m/a.wasm?v=1" ? 200 : 404).end(module);
    });
    const sources = open(test, { allowedUrls: [`${origin}/m/`] });
    const fetched = await sources.fetch({ kind: "url", url: `${origin}/m/a.wasm?v=1` }, signal);
    assert.deepEqual(Buffer.from(fetched.bytes), module);
    assert.equal(fetched.origin, `${origin}/m/a.wasm`);
    assert.equal(
      await refusal(sources.fetch({ kind: "url", url: `${origin}/m/b.wasm` }, signal)),
      `SOURCE_UNREADABLE 502: cannot read "${origin}/m/b.wasm": the server answers with status 404`,
    );
    assert.match(await refusal(sources.fetch({ kind: "url", url: `${origin}/a.wasm` }, signal)), /^SOURCE_NOT_ALLOWED 403: /); // prettier-ignore
  });

  it("may redirect three times, each time to where the list allows", async (test) => {
    const secret = await startServer(test, (_request, response) => response.end("secret"));
    const origin = await startServer(test, (request, response) => {
      const hops = Number(request.url?.slice(1));
      const location = request.url === "/away" ? `${secret}/latest/meta-data` : `./${hops - 1}`;
      if (hops === 0) response.end(module);
      else response.writeHead(302, { location }).end();
    });
    const at = (path: string) =>
      open(test, { allowedUrls: [`${origin}/`] }).fetch({ kind: "url", url: `${origin}/${path}` }, signal); // prettier-ignore
    assert.deepEqual(Buffer.from((await at("3")).bytes), module);
    assert.match(await refusal(at("4")), /^SOURCE_UNREADABLE 502: .*redirects more than 3 times$/);
    assert.equal(
      await refusal(at("away")),
      `SOURCE_NOT_ALLOWED 403: must not fetch "${secret}/latest/meta-data": put the beginning of it into wasm.sources.urls`,
    );
  });

  it("are looked up once, and private addresses refused unless listed", async (test) => {
    const origin = await startServer(test, (request, response) => response.end(request.headers.host)); // prettier-ignore
    const { port } = new URL(origin);
    const allowedUrls = [`http://modules.test:${port}/`];
    const source: Source = { kind: "url", url: `http://modules.test:${port}/a` };
    let asked = 0;
    // The second look-up would lead elsewhere: there must be none.
    const resolve = async () => [{ address: asked++ === 0 ? "127.0.0.1" : "169.254.169.254", family: 4 }]; // prettier-ignore
    assert.equal(
      await refusal(open(test, { allowedUrls, resolve }).fetch(source, signal)),
      'SOURCE_NOT_ALLOWED 403: must not fetch "modules.test": it stands for "127.0.0.1", which is not public; put it into wasm.sources.private_networks if modules may come from there',
    );
    asked = 0;
    const sources = open(test, { allowedUrls, resolve, privateNetworks: ["127.0.0.0/8"] });
    const { bytes } = await sources.fetch(source, signal);
    assert.equal(Buffer.from(bytes).toString(), `modules.test:${port}`);
    assert.equal(asked, 1);
  });

  it("are looked up also where Node.js tries one address alone", async (test) => {
    const before = getDefaultAutoSelectFamily();
    test.after(() => setDefaultAutoSelectFamily(before));
    setDefaultAutoSelectFamily(false);
    const origin = await startServer(test, (_request, response) => response.end(module));
    const { port } = new URL(origin);
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const sources = open(test, { allowedUrls: [`http://m.test:${port}/`], resolve, privateNetworks: ["127.0.0.1"] }); // prettier-ignore
    const { bytes } = await sources.fetch({ kind: "url", url: `http://m.test:${port}/a` }, signal);
    assert.deepEqual(Buffer.from(bytes), module);
  });

  it("on localhost are fetched when that is listed", async (test) => {
    const origin = await startServer(test, (_request, response) => response.end(module));
    const listed = origin.replace("127.0.0.1", "localhost");
    const sources = open(test, { allowedUrls: [listed] });
    const { bytes } = await sources.fetch({ kind: "url", url: `${listed}/a` }, signal);
    assert.deepEqual(Buffer.from(bytes), module);
  });

  it("are refused when one of several addresses is private", async (test) => {
    const resolve = async () => [
      { address: "192.0.2.1", family: 4 },
      { address: "fd00::1", family: 6 },
    ];
    const sources = open(test, { allowedUrls: ["http://m.test/"], resolve, privateNetworks: ["192.0.2.0/24"] }); // prettier-ignore
    assert.match(await refusal(sources.fetch({ kind: "url", url: "http://m.test/a" }, signal)), /stands for "fd00::1"/); // prettier-ignore
  });

  it("are given up as soon as they are too large, announced or not", async (test) => {
    let sent = 0;
    const origin = await startServer(test, (request, response) => {
      if (request.url === "/announced") response.writeHead(200, { "content-length": 5000 });
      const send = () => {
        if (response.destroyed) return;
        sent += 400;
        response.write(Buffer.alloc(400), () => setImmediate(send));
      };
      send();
    });
    const sources = open(test, { allowedUrls: [origin] });
    for (const path of ["announced", "endless"]) {
      const text = await refusal(sources.fetch({ kind: "url", url: `${origin}/${path}` }, signal));
      assert.match(text, /^MODULE_TOO_LARGE 413/);
    }
    assert.ok(sent < 10_000_000);
  });

  it("are refused when nobody is there or the answer is torn", async (test) => {
    const origin = await startServer(test, (_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("abc", () => response.destroy());
    });
    const sources = open(test, { allowedUrls: [origin, "http://127.0.0.1:1/"] });
    assert.match(await refusal(sources.fetch({ kind: "url", url: `${origin}/a` }, signal)), /^SOURCE_UNREADABLE 502: cannot read ".*\/a": /); // prettier-ignore
    assert.equal(await refusal(sources.fetch({ kind: "url", url: "http://127.0.0.1:1/a" }, signal)), 'SOURCE_UNREADABLE 502: cannot read "http://127.0.0.1:1/a": the connection was refused'); // prettier-ignore
  });

  it("are given up after a time, or when the caller does", async (test) => {
    const clock = fakeClock();
    const asked = deferred<void>();
    const origin = await startServer(test, () => asked.resolve());
    const sources = open(test, { allowedUrls: [origin], clock, timeoutMs: 500 });
    const late = refusal(sources.fetch({ kind: "url", url: `${origin}/a` }, signal));
    await asked.promise;
    await clock.advance(500);
    assert.equal(await late, `SOURCE_UNREADABLE 504: cannot read "${origin}/a": it takes longer than 500 ms`); // prettier-ignore
    assert.equal(clock.pending, 0);
    const reason = new Error("enough");
    const given = sources.fetch({ kind: "url", url: `${origin}/a` }, AbortSignal.abort(reason));
    await assert.rejects(given, reason);
  });
});
