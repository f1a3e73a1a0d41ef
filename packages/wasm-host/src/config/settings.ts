import type { FunctionDefinition } from "../model/definition.ts";

/** Digests that the octets of a module must have, hexadecimal in lower case. */
export interface Digests {
  readonly sha256?: string;
  readonly md5?: string;
}

/** Where a module comes from. Paths are absolute. */
export type Source = (
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "url"; readonly url: string }
  /** `registry/name:tag` or `registry/name@sha256:…`. */
  | { readonly kind: "image"; readonly reference: string }
  /** Folder in the OCI image layout. Without a tag it must hold one image. */
  | { readonly kind: "oci-layout"; readonly directory: string; readonly tag?: string }
) &
  Digests;

/** One version of a function, and its share of the calls. */
export interface WeightedSource {
  readonly source: Source;
  /** Relative to the sum of all versions. */
  readonly weight: number;
}

/** Calls that go to a function beside those with its id. What is undefined fits all. */
export interface FunctionRoute {
  /** Host of the request without port, in lower case. */
  readonly host?: string;
  /** The whole path. */
  readonly path?: string;
  /** Beginning of the path. */
  readonly prefix?: string;
}

/** One function as it is configured or ordered. */
export interface FunctionSettings {
  readonly name: string;
  /** One, or several for canary; none: its module comes from a watched folder. */
  readonly sources: readonly WeightedSource[];
  readonly definition: FunctionDefinition;
  readonly routes: readonly FunctionRoute[];
}

/** An HTTP listener for calls of functions. */
export interface ListenerSettings {
  readonly name: string;
  /** `host:port` or `unix:/path`. */
  readonly address: string;
}

/** The listener for orders. */
export interface AdminSettings {
  readonly address: string;
  /** Callers must send it; undefined: anybody who can connect may give orders. */
  readonly token: string | undefined;
}

/** A module with settings that functions refer to by name (`from_wasm_plugin`), as it is in the configuration. */
export type Plugins = Readonly<Record<string, unknown>>;

/** The section `wasm`, read and completed. */
export interface WasmSettings {
  readonly listeners: readonly ListenerSettings[];
  readonly admin: AdminSettings | undefined;
  /** Watched folders, absolute. */
  readonly folders: readonly string[];
  /** Name → `host:port`, for call-outs of guests. */
  readonly upstreams: Readonly<Record<string, string>>;
  /** Prefixes of URLs that modules may be fetched from. */
  readonly allowedUrls: readonly string[];
  /** Registries, `host` or `host:port` with an optional path prefix, or such a URL, that images may be fetched from. */
  readonly allowedRegistries: readonly string[];
  /** Networks like `10.0.0.0/8` that names of allowed hosts may resolve to though they are private. */
  readonly privateNetworks: readonly string[];
  /** Threads. */
  readonly workers: { readonly min: number; readonly max: number };
  readonly hostCalls: "auto" | "atomics" | "jspi";
  readonly functions: readonly FunctionSettings[];
  readonly plugins: Plugins;
}
