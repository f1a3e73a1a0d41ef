import { type GuardedHttp, type HttpReply, bodyOf, needOk, readBody } from "../guarded-http.ts";
import type { SourcePolicy } from "../source-policy.ts";
import { type Descriptor, checkManifest, manifestTypes, maxManifestBytes } from "./descriptor.ts";
import { askToken, readChallenge } from "./registry-token.ts";
import { type ImageReference, needReference } from "./reference.ts";
import type { ImageStore } from "./store.ts";

/** An image in a registry (OCI distribution spec, pull). Who it is for needs no password. */
export class RegistryStore implements ImageStore {
  readonly what: string;
  readonly #reference: ImageReference;
  readonly #base: URL;
  readonly #http: GuardedHttp;
  #token: string | undefined;

  /** @throws WasmError SOURCE_NOT_ALLOWED */
  constructor(reference: string, policy: SourcePolicy, http: GuardedHttp) {
    this.what = reference;
    this.#reference = needReference(reference);
    this.#base = policy.registry(this.#reference.registry, this.#reference.name);
    this.#http = http;
  }

  async root(signal: AbortSignal): Promise<Uint8Array> {
    const { target, digest } = this.#reference;
    const bytes = await this.#manifest(target, signal);
    if (digest !== undefined) checkManifest(bytes, digest, this.what);
    return bytes;
  }

  manifest({ digest }: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
    return this.#manifest(digest, signal);
  }

  async blob({ digest }: Descriptor, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const reply = await this.#get(`blobs/${digest}`, {}, signal);
    return bodyOf(reply, this.what, signal);
  }

  async #manifest(target: string, signal: AbortSignal): Promise<Uint8Array> {
    const reply = await this.#get(
      `manifests/${target}`,
      { accept: manifestTypes.join(", ") },
      signal,
    );
    return readBody(reply, { what: this.what, maxBytes: maxManifestBytes, signal });
  }

  /** A registry that wants a token says where to get one; it holds for the requests after it. */
  async #get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const reply = await this.#ask(path, headers, signal);
    const challenge = reply.status === 401 ? readChallenge(reply.headers["www-authenticate"]) : undefined; // prettier-ignore
    if (challenge === undefined || this.#token !== undefined) return needOk(reply, this.what);
    reply.body.destroy();
    const scope = `repository:${this.#reference.name}:pull`;
    const { origin } = this.#base;
    this.#token = await askToken(this.#http, challenge, { scope, origin, what: this.what }, signal);
    return needOk(await this.#ask(path, headers, signal), this.what);
  }

  #ask(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const url = new URL(`/v2/${this.#reference.name}/${path}`, this.#base);
    const token = this.#token;
    const all = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
    return this.#http.get({ url, headers: all, origin: this.#base.origin }, signal);
  }
}
