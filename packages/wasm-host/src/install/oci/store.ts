import type { Descriptor } from "./descriptor.ts";

/** Where images are: a registry or a folder. */
export interface ImageStore {
  /** The image for errors. */
  readonly what: string;
  /** The manifest or index that the reference leads to, its digest checked if the reference has one. */
  root(signal: AbortSignal): Promise<Uint8Array>;
  /** A manifest of an index; the reader checks its digest. */
  manifest(descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array>;
  /** The octets of a layer; the reader checks their digest. */
  blob(descriptor: Descriptor, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}
