import type { Slices } from "./slices.ts";

/** What reading a resource needs from outside. */
export interface ReadContext {
  readonly slices: Slices;
  /** The mesh's own zone. */
  readonly zone: string | undefined;
  /** Tells people of something that is left out; the resource is good otherwise. */
  readonly warn: (text: string) => void;
}

/** A type of resource. */
export interface ResourceKind<T> {
  readonly typeUrl: string;
  /** For people: `cluster`, `route configuration` … */
  readonly label: string;
  /** A response names every resource there is: what is missing is gone. */
  readonly complete: boolean;
  /** @throws ResourceFault when the resource is bad; any other error counts as well */
  read(bytes: Uint8Array, context: ReadContext): Promise<T>;
}

/** A resource as it was accepted last. */
export interface Resource<T> {
  /** As it came: an equal one is not read again. */
  readonly bytes: Uint8Array;
  readonly value: T;
  /** Of the response that brought it. */
  readonly version: string;
}

/** Why a resource is refused; the text goes to the management server. */
export class ResourceFault extends Error {
  override readonly name = "ResourceFault";
}

/** A part of a resource asks for what is not there; the part is left out, the rest stands. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}
