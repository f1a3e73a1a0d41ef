/** Modules that come from elsewhere: from servers and images that are allowed, and nowhere else. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { freePort } from "@layotto/sidecar-kit/testing";
import { Scope } from "../harness/scope.ts";
import { answering, guest } from "./testing/guest-text.ts";
import { type FunctionsWorld, startFunctions } from "./testing/world.ts";

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Serves a module, and sends to it from elsewhere. */
async function serve(scope: Scope, module: Uint8Array): Promise<number> {
  const port = await freePort();
  const server = createServer(({ url }, response) => {
    if (url === "/allowed/shop.wasm") return response.end(module);
    if (url === "/allowed/away") return response.writeHead(302, { location: "/other.wasm" }).end();
    if (url === "/other.wasm") return response.end(module);
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}

/** Writes an OCI image layout with a module as its only layer (OCI image-spec v1.1). */
function writeLayout(dir: string, module: Uint8Array): void {
  const blobs = join(dir, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Uint8Array, mediaType: string): object => {
    writeFileSync(join(blobs, sha256Of(bytes)), bytes);
    return { mediaType, digest: `sha256:${sha256Of(bytes)}`, size: bytes.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const manifestType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: put(json({}), "application/vnd.wasm.config.v0+json"),
    layers: [put(module, "application/wasm")],
  };
  writeFileSync(join(dir, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  const manifests = [put(json(manifest), manifestType)];
  writeFileSync(join(dir, "index.json"), json({ schemaVersion: 2, manifests }));
}

describe("modules from elsewhere", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  let module: Buffer;
  let base: string;
  before(async () => {
    module = await guest({ onRequestBody: answering("fetched") });
    base = `http://127.0.0.1:${await serve(scope, module)}`;
    const sources = { urls: [`${base}/allowed/`], private_networks: ["127.0.0.1"] };
    const functions = { configured: { url: `${base}/allowed/shop.wasm`, sha256: sha256Of(module) } };
    world = await startFunctions(scope, { wasm: { sources, functions } });
  }); // prettier-ignore
  after(() => scope.close());

  /** Status, and the reason of a refusal. */
  async function install(name: string, source: object): Promise<[number, string | undefined]> {
    const { status, text } = await world.order("install", { name, ...source });
    return [status, text === "" ? undefined : (JSON.parse(text) as { reason?: string }).reason];
  }

  it("an allowed URL with its digest, configured and ordered", async () => {
    assert.equal((await world.call("configured")).text, "fetched");
    const url = `${base}/allowed/shop.wasm`;
    assert.deepEqual(await install("ordered", { url, sha256: sha256Of(module) }), [200, undefined]);
    assert.equal((await world.call("ordered")).text, "fetched");
  });

  it("an OCI layout folder", async () => {
    const dir = join(scope.folder(), "image");
    writeLayout(dir, module);
    assert.deepEqual(await install("image", { image: `oci-layout:${dir}` }), [200, undefined]);
    assert.equal((await world.call("image")).text, "fetched");
  });

  const refused: readonly [string, () => object, number, string][] = [
    ["a URL beside the list", () => ({ url: `${base}/other.wasm` }), 403, "SOURCE_NOT_ALLOWED"],
    ["one that climbs out of the list", () => ({ url: `${base}/allowed/../other.wasm` }), 403, "SOURCE_NOT_ALLOWED"],
    ["one that redirects out of the list", () => ({ url: `${base}/allowed/away` }), 403, "SOURCE_NOT_ALLOWED"],
    ["a module with another digest", () => ({ url: `${base}/allowed/shop.wasm`, sha256: "0".repeat(64) }), 400, "DIGEST_MISMATCH"],
    ["a page that is not there", () => ({ url: `${base}/allowed/nothing.wasm` }), 502, "SOURCE_UNREADABLE"],
    ["a registry that is not listed", () => ({ image: "127.0.0.1:1/shop:1" }), 403, "SOURCE_NOT_ALLOWED"],
  ]; // prettier-ignore
  for (const [what, source, status, reason] of refused)
    it(`${what} is refused as ${reason}`, async () => {
      assert.deepEqual(await install("bad", source()), [status, reason]);
      assert.equal((await world.call("bad")).status, 404);
    });
});
