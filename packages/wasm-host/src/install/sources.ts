import { type Clock, systemClock } from "@layotto/sidecar-kit";
import type { Source } from "../config/settings.ts";
import { checkDigests } from "./check-digests.ts";
import { GuardedHttp, type Resolve, needOk, readBody } from "./guarded-http.ts";
import { readImage } from "./oci/image.ts";
import { LayoutStore } from "./oci/layout.ts";
import { RegistryStore } from "./oci/registry.ts";
import { readModuleFile } from "./read-file.ts";
import { type AllowLists, SourcePolicy, shown } from "./source-policy.ts";
import { unreadable } from "./unreadable.ts";

/** A module's octets, not looked into yet. */
export interface Fetched {
  readonly bytes: Uint8Array;
  /** Where they come from, in words for people. */
  readonly origin: string;
}

/** Options of {@link Sources}. */
export interface SourcesOptions extends AllowLists {
  /** Largest module, octets, of whoever says nothing else. */
  readonly maxBytes: number;
  /** How long one module may take, ms. @default 30 000 */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Looks up hosts. @default the system's */
  readonly resolve?: Resolve;
}

/** Fetches modules from files, URLs and images: only from where it may, never more than it may. */
export class Sources {
  readonly #policy: SourcePolicy;
  readonly #http: GuardedHttp;
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(options: SourcesOptions) {
    const { maxBytes, timeoutMs = 30_000, clock = systemClock, resolve } = options;
    this.#policy = new SourcePolicy(options);
    this.#http = new GuardedHttp(this.#policy, resolve);
    this.#maxBytes = maxBytes;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /**
   * Fetches a module and checks its digests.
   *
   * @param signal gives up; then its reason is thrown
   * @param maxBytes largest module. Default that of the options
   * @throws WasmError SOURCE_UNREADABLE, SOURCE_NOT_ALLOWED, MODULE_TOO_LARGE, DIGEST_MISMATCH
   */
  async fetch(source: Source, signal: AbortSignal, maxBytes = this.#maxBytes): Promise<Fetched> {
    const origin = originOf(source);
    const late = new AbortController();
    const timer = this.#clock.after(this.#timeoutMs, () => {
      const why = new Error(`it takes longer than ${this.#timeoutMs} ms`);
      late.abort(unreadable(origin, why, 504));
    });
    try {
      const bytes = await this.#read(source, maxBytes, AbortSignal.any([signal, late.signal]));
      checkDigests(bytes, source, origin);
      return { bytes, origin };
    } finally {
      timer.cancel();
    }
  }

  /** Ends what is under way. */
  close(): Promise<void> {
    return this.#http.close();
  }

  async #read(source: Source, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    switch (source.kind) {
      case "file":
        return readModuleFile(source.path, maxBytes, signal);
      case "url":
        return this.#readUrl(source.url, maxBytes, signal);
      case "image":
        return readImage(new RegistryStore(source.reference, this.#policy, this.#http), maxBytes, signal); // prettier-ignore
      case "oci-layout":
        return readImage(new LayoutStore(source.directory, source.tag), maxBytes, signal);
    }
  }

  async #readUrl(text: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    if (!URL.canParse(text)) throw unreadable(text, new Error("it is no URL"));
    const url = new URL(text);
    const reply = needOk(await this.#http.get({ url }, signal), shown(url));
    return readBody(reply, { what: shown(url), maxBytes, signal });
  }
}

function originOf(source: Source): string {
  switch (source.kind) {
    case "file":
      return source.path;
    case "url":
      return URL.canParse(source.url) ? shown(new URL(source.url)) : source.url;
    case "image":
      return source.reference;
    case "oci-layout":
      return new LayoutStore(source.directory, source.tag).what;
  }
}
