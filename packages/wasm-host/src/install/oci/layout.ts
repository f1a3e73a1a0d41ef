import { join } from "node:path";
import { fileChunks, readModuleFile } from "../read-file.ts";
import { unreadable } from "../unreadable.ts";
import { type Descriptor, maxManifestBytes, readManifest } from "./descriptor.ts";
import type { ImageStore } from "./store.ts";

/** Name of the tag in an index (OCI image spec, annotations.md). */
const refName = "org.opencontainers.image.ref.name";

/** A folder in the OCI image layout (OCI image spec, image-layout.md). */
export class LayoutStore implements ImageStore {
  readonly what: string;
  readonly #directory: string;
  readonly #tag: string | undefined;

  /** @param tag undefined: whatever image is there */
  constructor(directory: string, tag?: string) {
    this.what = tag === undefined ? `oci-layout:${directory}` : `oci-layout:${directory}:${tag}`;
    this.#directory = directory;
    this.#tag = tag;
  }

  async root(signal: AbortSignal): Promise<Uint8Array> {
    await this.#checkVersion(signal);
    const index = await this.#read("index.json", signal);
    if (this.#tag === undefined) return index;
    const { manifests = [] } = readManifest(index, this.what);
    const tagged = manifests.filter(({ annotations }) => annotations[refName] === this.#tag);
    if (tagged.length === 0) throw unreadable(this.what, new Error(noTag(manifests)));
    return Buffer.from(JSON.stringify({ manifests: tagged.map(asJson) }));
  }

  manifest({ digest }: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
    return this.#read(blobPath(digest), signal);
  }

  async blob({ digest }: Descriptor, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return fileChunks(join(this.#directory, blobPath(digest)), signal);
  }

  async #checkVersion(signal: AbortSignal): Promise<void> {
    const text = Buffer.from(await this.#read("oci-layout", signal)).toString();
    if (/"imageLayoutVersion"\s*:\s*"1\./.test(text)) return;
    throw unreadable(this.what, new Error("its file oci-layout does not say version 1"));
  }

  #read(path: string, signal: AbortSignal): Promise<Uint8Array> {
    return readModuleFile(join(this.#directory, path), maxManifestBytes, signal);
  }
}

function blobPath(digest: string): string {
  return join("blobs", ...digest.split(":"));
}

function noTag(manifests: readonly Descriptor[]): string {
  const tags = manifests.flatMap(({ annotations: { [refName]: tag } }) =>
    typeof tag === "string" ? tag : [],
  );
  return tags.length === 0 ? "no image in it has a tag" : `it has the tags ${tags.join(", ")}`;
}

function asJson({ platform, ...rest }: Descriptor): object {
  const [os, architecture] = platform?.split("/") ?? [];
  return platform === undefined ? rest : { ...rest, platform: { os, architecture } };
}
