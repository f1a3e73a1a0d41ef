import { createHash } from "node:crypto";
import { isMap } from "../../config/config-map.ts";
import { mismatch } from "../check-digests.ts";
import { unreadable } from "../unreadable.ts";

/** What an image's parts are referred to by (OCI image spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** Octets. */
  readonly size: number;
  /** `os/architecture` if it says so. */
  readonly platform: string | undefined;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** A manifest or an index of manifests. */
export interface Manifest {
  readonly manifests: readonly Descriptor[] | undefined;
  readonly layers: readonly Descriptor[];
}

/** Manifests and indexes larger than this are none. */
export const maxManifestBytes = 4 * 1024 * 1024;

/** What a registry is asked to answer with. */
export const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
] as const;

const digestForm = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads a manifest or an index.
 *
 * @param what the image, for errors
 * @throws WasmError SOURCE_UNREADABLE
 */
export function readManifest(bytes: Uint8Array, what: string): Manifest {
  const root = parse(bytes);
  if (!isMap(root)) throw unreadable(what, new Error("its manifest is no JSON"));
  const { manifests, layers } = root;
  if (manifests === undefined && layers === undefined) {
    throw unreadable(what, new Error("its manifest has neither layers nor manifests"));
  }
  return {
    manifests: manifests === undefined ? undefined : readAll(manifests, what),
    layers: layers === undefined ? [] : readAll(layers, what),
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}

function readAll(list: unknown, what: string): Descriptor[] {
  if (!Array.isArray(list)) throw unreadable(what, new Error("its manifest holds no list"));
  return list.map((each: unknown) => readDescriptor(each, what));
}

function readDescriptor(value: unknown, what: string): Descriptor {
  const { mediaType = "", digest, size, platform, annotations } = isMap(value) ? value : {};
  // A digest becomes part of paths and URLs.
  if (typeof digest !== "string" || !digestForm.test(digest)) {
    throw unreadable(
      what,
      new Error(`digest ${JSON.stringify(digest)} is not sha256 in hexadecimal`),
    );
  }
  if (typeof mediaType !== "string" || !Number.isSafeInteger(size) || Number(size) < 0) {
    throw unreadable(what, new Error(`the descriptor of "${digest}" has no type or no size`));
  }
  const name = isMap(platform)
    ? `${String(platform["os"])}/${String(platform["architecture"])}`
    : undefined;
  const notes = isMap(annotations) ? annotations : {};
  return { mediaType, digest, size: Number(size), platform: name, annotations: notes };
}

/** Passes chunks on and complains at their end when they are not those that the descriptor means. */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  { digest }: Pick<Descriptor, "digest">,
  what: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  checkDigest(hash.digest("hex"), digest, what);
}

/**
 * Compares a whole manifest with its digest.
 *
 * @throws WasmError DIGEST_MISMATCH
 */
export function checkManifest(bytes: Uint8Array, digest: string, what: string): void {
  checkDigest(createHash("sha256").update(bytes).digest("hex"), digest, what);
}

function checkDigest(found: string, digest: string, what: string): void {
  const wanted = digest.slice("sha256:".length);
  if (found !== wanted) throw mismatch(what, "sha256", found, wanted);
}
