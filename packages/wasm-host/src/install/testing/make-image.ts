import { createHash } from "node:crypto";

/** The parts of images by their digests. */
export type Blobs = Map<string, Uint8Array>;

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";
export const moduleType = "application/vnd.wasm.content.layer.v1+wasm";
export const archiveType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Keeps octets and returns a descriptor of them. */
export function addBlob(blobs: Blobs, content: Uint8Array | string, mediaType: string) {
  const bytes = Buffer.from(content);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Keeps a manifest of layers and returns a descriptor of it. */
export function addImage(
  blobs: Blobs,
  layers: readonly (readonly [Uint8Array | string, string])[],
) {
  const config = addBlob(blobs, "{}", "application/vnd.oci.empty.v1+json");
  const parts = layers.map(([content, type]) => addBlob(blobs, content, type));
  const manifest = { schemaVersion: 2, mediaType: manifestType, config, layers: parts };
  return addBlob(blobs, JSON.stringify(manifest), manifestType);
}

/** Keeps an index and returns a descriptor of it. */
export function addIndex(blobs: Blobs, manifests: readonly object[]) {
  return addBlob(
    blobs,
    JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }),
    indexType,
  );
}
