import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { tempDir } from "@layotto/sidecar-kit/testing";
import { WasmError } from "../../errors.ts";
import { Sources } from "../sources.ts";
import { FakeRegistry, type RegistryBehaviour } from "../testing/fake-registry.ts";
import { startServer } from "../testing/http-server.ts";
import { type Blobs, addBlob, addImage, addIndex, archiveType, manifestType, moduleType } from "../testing/make-image.ts"; // prettier-ignore
import { type TarFile, makeTar } from "../testing/make-tar.ts";

const { signal } = new AbortController();
const module = Buffer.from("\0asm\x01\0\0\0");
const maxBytes = 10_000;

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    assert.ok(error instanceof WasmError, String(error));
    return `${error.reason}: ${error.message}`;
  }
}

/** A registry whose tag `v1` is the image that is made. */
async function registryWith(
  test: TestContext,
  make: (blobs: Blobs) => { digest: string },
  behaviour: RegistryBehaviour & { urls?: string[] } = {},
) {
  const blobs: Blobs = new Map();
  const { digest } = make(blobs);
  const registry = await FakeRegistry.start(test, blobs, behaviour);
  registry.tags.set("v1", digest);
  const sources = new Sources({
    allowedUrls: behaviour.urls ?? [],
    allowedRegistries: [`${registry.origin}/modules`],
    maxBytes,
  });
  test.after(() => sources.close());
  const pull = (target = ":v1") =>
    sources.fetch({ kind: "image", reference: `${registry.host}/modules/shop${target}` }, signal);
  return { registry, digest, pull, reference: `${registry.host}/modules/shop` };
}

const layer = (files: readonly TarFile[]) => gzipSync(makeTar(files));
const image = (...layers: [Uint8Array | string, string][]) => (blobs: Blobs) => addImage(blobs, layers); // prettier-ignore
const archive = (...files: TarFile[]): [Uint8Array, string] => [layer(files), archiveType];

describe("Sources: images of a registry", () => {
  it("are artifacts with a module", async (test) => {
    for (const type of [moduleType, "application/wasm"]) {
      const { pull, digest, reference } = await registryWith(test, image([module, type]));
      const { bytes, origin } = await pull();
      assert.deepEqual([Buffer.from(bytes), origin], [module, `${reference}:v1`]);
      assert.deepEqual(Buffer.from((await pull(`@${digest}`)).bytes), module);
    }
  });

  it("are images with one .wasm file, the last layer's", async (test) => {
    const old = archive(
      { path: "shop.wasm", content: "old" },
      { path: "readme.txt", content: "x" },
    );
    const { pull } = await registryWith(
      test,
      image(old, archive({ path: "./shop.wasm", content: module })),
    );
    assert.deepEqual(Buffer.from((await pull()).bytes), module);
    const plain = makeTar([{ path: "a.wasm", content: module }]);
    const second = await registryWith(test, image([plain, "application/vnd.oci.image.layer.v1.tar"])); // prettier-ignore
    assert.deepEqual(Buffer.from((await second.pull()).bytes), module);
  });

  it("lose files that a later layer takes away", async (test) => {
    for (const whiteout of ["app/.wh.old.wasm", ".wh.app", "app/.wh..wh..opq"]) {
      const layers = [archive({ path: "app/old.wasm", content: "old" }), archive({ path: whiteout }), archive({ path: "b.wasm", content: module })]; // prettier-ignore
      const { pull } = await registryWith(test, image(...layers));
      assert.deepEqual(Buffer.from((await pull()).bytes), module, whiteout);
    }
  });

  it("are found through an index", async (test) => {
    const { pull } = await registryWith(test, (blobs) => {
      const amd = addImage(blobs, [archive({ path: "a.wasm", content: "wrong" })]);
      const wasm = addImage(blobs, [[module, moduleType]]);
      const note = addImage(blobs, [["{}", "application/vnd.in-toto+json"]]);
      return addIndex(blobs, [
        { ...amd, platform: { os: "linux", architecture: "amd64" } },
        { ...wasm, platform: { os: "wasip1", architecture: "wasm" } },
        { ...note, platform: { os: "unknown", architecture: "unknown" } },
      ]);
    });
    assert.deepEqual(Buffer.from((await pull()).bytes), module);
    const single = await registryWith(test, (blobs) => addIndex(blobs, [addImage(blobs, [[module, moduleType]])])); // prettier-ignore
    assert.deepEqual(Buffer.from((await single.pull()).bytes), module);
  });

  it("need a token where the registry wants one, and ask for it once", async (test) => {
    const { pull, registry } = await registryWith(test, image([module, moduleType]), { token: "t0ken" }); // prettier-ignore
    assert.deepEqual(Buffer.from((await pull()).bytes), module);
    const tokens = registry.asked.filter((each) => each.startsWith("/token"));
    assert.deepEqual(tokens, ["/token?service=registry.test&scope=repository%3Amodules%2Fshop%3Apull"]); // prettier-ignore
  });

  it("ask for tokens only where the list allows", async (test) => {
    const realm = await startServer(test, (_request, response) => response.end('{"token":"t"}'));
    const make = image([module, moduleType]);
    const { pull } = await registryWith(test, make, { token: "t", realm: `${realm}/secret` });
    assert.equal(await refusal(pull()), `SOURCE_NOT_ALLOWED: must not fetch "${realm}/secret": put the beginning of it into wasm.sources.urls`); // prettier-ignore
    const listed = await registryWith(test, make, { token: "t", realm: `${realm}/x`, urls: [realm] }); // prettier-ignore
    assert.deepEqual(Buffer.from((await listed.pull()).bytes), module);
  });

  it("redirect to where the list allows, and take no token along", async (test) => {
    const seen: unknown[] = [];
    const store = await startServer(test, (request, response) => {
      seen.push(request.headers.authorization);
      response.end(module);
    });
    const make = image([module, moduleType]);
    const behaviour = { token: "t", redirect: () => `${store}/blob` };
    const { pull } = await registryWith(test, make, behaviour);
    assert.match(await refusal(pull()), /^SOURCE_NOT_ALLOWED: /);
    const listed = await registryWith(test, make, { ...behaviour, urls: [`${store}/blob`] });
    assert.deepEqual(Buffer.from((await listed.pull()).bytes), module);
    assert.deepEqual(seen, [undefined]);
  });

  it("are refused where the list does not allow their registry", async (test) => {
    const sources = new Sources({ allowedUrls: ["http://127.0.0.1:1/"], allowedRegistries: [], maxBytes }); // prettier-ignore
    test.after(() => sources.close());
    const at = (reference: string) => refusal(sources.fetch({ kind: "image", reference }, signal));
    assert.equal(await at("127.0.0.1:1/a"), 'SOURCE_NOT_ALLOWED: must not fetch "127.0.0.1:1/a": put its registry into wasm.sources.registries'); // prettier-ignore
    assert.match(await at("busybox"), /^INVALID_BODY: "busybox" is no image/);
  });

  it("must have the digests that they are meant by", async (test) => {
    const blobs: Blobs = new Map();
    const wrong = `sha256:${"0".repeat(64)}`;
    const make = (target: Blobs) => {
      const found = addImage(target, [[module, moduleType]]);
      for (const [digest, bytes] of target) blobs.set(digest, bytes);
      return found;
    };
    const { pull, registry, digest } = await registryWith(test, make);
    registry.blobs.set(wrong, registry.blobs.get(digest) ?? module);
    assert.match(await refusal(pull(`@${wrong}`)), /^DIGEST_MISMATCH: .* has the sha256 "[0-9a-f]{64}", not "0{64}"/); // prettier-ignore
    for (const [key, bytes] of registry.blobs) {
      if (Buffer.from(bytes).equals(module))
        registry.blobs.set(key, Buffer.from("\0asm\x02\0\0\0"));
    }
    assert.match(await refusal(pull()), /^DIGEST_MISMATCH: /);
  });

  it("must have the digests that an index says", async (test) => {
    const { pull, registry } = await registryWith(test, (blobs) => addIndex(blobs, [addImage(blobs, [["old", moduleType]])])); // prettier-ignore
    const other: Blobs = new Map();
    const { digest } = addImage(other, [[module, moduleType]]);
    for (const [key, bytes] of other) registry.blobs.set(key, bytes);
    for (const [key, bytes] of registry.blobs) {
      if (Buffer.from(bytes).includes('"layers"'))
        registry.blobs.set(key, other.get(digest) ?? bytes);
    }
    assert.match(await refusal(pull()), /^DIGEST_MISMATCH: /);
  });

  it("are not asked for when they are announced to be too large", async (test) => {
    for (const type of [moduleType, archiveType]) {
      const large = image([Buffer.alloc(2_000_000), type]);
      const { pull, registry } = await registryWith(test, large);
      assert.match(await refusal(pull()), /^MODULE_TOO_LARGE: /);
      assert.deepEqual(registry.asked, ["/v2/modules/shop/manifests/v1"]);
    }
  });

  it("must have the digests that they are meant by, packed ones too", async (test) => {
    const { pull, registry } = await registryWith(test, image(archive({ path: "a.wasm", content: module }))); // prettier-ignore
    for (const [key, bytes] of registry.blobs) {
      if (bytes[0] === 0x1f) registry.blobs.set(key, layer([{ path: "a.wasm", content: "evil" }]));
    }
    assert.match(await refusal(pull()), /^DIGEST_MISMATCH: /);
  });

  const refused: [string, (blobs: Blobs) => { digest: string }, RegExp][] = [
    ["no module", image(archive({ path: "a.txt" })), /it holds no .wasm file$/],
    ["no layers", image(), /it holds no .wasm file$/],
    ["two modules", image([module, moduleType], ["other", moduleType]), /it holds "sha256:.*" and "sha256:.*": put one module/],
    ["two files", image(archive({ path: "a.wasm" }, { path: "b.wasm" })), /it holds "a.wasm" and "b.wasm": put one module/],
    ["two files in layers", image(archive({ path: "a.wasm" }), archive({ path: "b.wasm" })), /it holds "a.wasm" and "b.wasm"/],
    ["another type", image(["x", "application/vnd.oci.image.layer.v1.tar+zstd"]), /layer of type "application\/vnd.oci.image.layer.v1.tar\+zstd", which holds no module$/],
    ["what is not packed", image(["not packed", archiveType]), /^SOURCE_UNREADABLE: .*incorrect header check$/],
    ["a torn archive", image([layer([{ path: "a.wasm", content: module }]).subarray(0, 60), archiveType]), /^SOURCE_UNREADABLE: /],
    ["no JSON", (blobs) => addBlob(blobs, "<html>", manifestType), /its manifest is no JSON$/],
    ["neither", (blobs) => addBlob(blobs, "{}", manifestType), /its manifest has neither layers nor manifests$/],
    ["bad digests", (blobs) => addBlob(blobs, '{"layers":[{"digest":"sha256:../../x"}]}', manifestType), /digest "sha256:..\/..\/x" is not sha256 in hexadecimal$/],
    ["no size", (blobs) => addBlob(blobs, `{"layers":[{"mediaType":"a","digest":"sha256:${"0".repeat(64)}"}]}`, manifestType), /has no type or no size$/],
    ["an empty index", (blobs) => addIndex(blobs, []), /its index is empty$/],
    ["several platforms", (blobs) => addIndex(blobs, ["amd64", "arm64"].map((architecture) => ({ ...addImage(blobs, [[architecture, moduleType]]), platform: { os: "linux", architecture } }))), /none of its images is for wasm/],
    ["nested indexes", (blobs) => [1, 2, 3, 4].reduce((each) => addIndex(blobs, [each]), addImage(blobs, [[module, moduleType]])), /nested too deep$/],
    ["a large module", image([Buffer.alloc(maxBytes + 1), moduleType]), /^MODULE_TOO_LARGE: /],
    ["a large file", image(archive({ path: "a.wasm", content: Buffer.alloc(maxBytes + 1) })), /^MODULE_TOO_LARGE: /],
    ["a bomb", image(archive({ path: "a.txt", content: Buffer.alloc(3_000_000) })), /^MODULE_TOO_LARGE: /],
  ]; // prettier-ignore
  for (const [name, make, text] of refused) {
    it(`are refused with ${name}`, async (test) => {
      const { pull } = await registryWith(test, make);
      assert.match(await refusal(pull()), text);
    });
  }

  it("are refused when they are not there", async (test) => {
    const { pull, reference } = await registryWith(test, image([module, moduleType]));
    assert.equal(await refusal(pull(":v2")), `SOURCE_UNREADABLE: cannot read "${reference}:v2": the server answers with status 404`); // prettier-ignore
  });

  it("are refused when a layer is larger than it says", async (test) => {
    const { pull } = await registryWith(test, (blobs) => {
      const blob = addBlob(blobs, Buffer.alloc(maxBytes + 1), moduleType);
      return addBlob(blobs, JSON.stringify({ layers: [{ ...blob, size: 5 }] }), manifestType);
    });
    assert.match(await refusal(pull()), /^MODULE_TOO_LARGE: /);
  });
});

describe("Sources: image layout folders", () => {
  const refName = "org.opencontainers.image.ref.name";

  function layoutWith(test: TestContext, make: (blobs: Blobs) => object[], version = "1.0.0") {
    const directory = tempDir(test);
    const blobs: Blobs = new Map();
    const manifests = make(blobs);
    writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: version }));
    writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
    mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
    for (const [digest, bytes] of blobs) {
      writeFileSync(join(directory, "blobs", digest.replace(":", "/")), bytes);
    }
    const sources = new Sources({ allowedUrls: [], allowedRegistries: [], maxBytes });
    test.after(() => sources.close());
    const pull = (tag?: string) =>
      sources.fetch(
        { kind: "oci-layout", directory, ...(tag === undefined ? {} : { tag }) },
        signal,
      );
    return { directory, pull };
  }

  it("are read by tag, or as the only image", async (test) => {
    const { directory, pull } = layoutWith(test, (blobs) => [
      { ...addImage(blobs, [[module, moduleType]]), annotations: { [refName]: "v1" } },
      { ...addImage(blobs, [archive({ path: "a.wasm", content: "two" })]), annotations: { [refName]: "v2" } }, // prettier-ignore
    ]);
    const { bytes, origin } = await pull("v1");
    assert.deepEqual([Buffer.from(bytes), origin], [module, `oci-layout:${directory}:v1`]);
    assert.equal(Buffer.from((await pull("v2")).bytes).toString(), "two");
    assert.match(await refusal(pull()), /none of its images is for wasm/);
    assert.equal(await refusal(pull("v3")), `SOURCE_UNREADABLE: cannot read "oci-layout:${directory}:v3": it has the tags v1, v2`); // prettier-ignore
    const single = layoutWith(test, (blobs) => [addImage(blobs, [[module, moduleType]])]);
    assert.deepEqual(Buffer.from((await single.pull()).bytes), module);
  });

  it("are refused when they are none, or not what their digests say", async (test) => {
    const { directory, pull } = layoutWith(test, () => [], "2.0.0");
    assert.match(await refusal(pull()), /does not say version 1$/);
    const gone = layoutWith(test, (blobs) => [addImage(blobs, [[module, moduleType]])]);
    const layers = new Map<string, Uint8Array>();
    const { digest } = addBlob(layers, module, moduleType);
    const path = join(gone.directory, "blobs", digest.replace(":", "/"));
    writeFileSync(path, "other");
    assert.match(await refusal(gone.pull()), /^DIGEST_MISMATCH: /);
    const none = new Sources({ allowedUrls: [], allowedRegistries: [], maxBytes });
    const source = { kind: "oci-layout", directory: join(directory, "none") } as const;
    assert.match(await refusal(none.fetch(source, signal)), /none\/oci-layout": there is no such file$/); // prettier-ignore
  });
});
