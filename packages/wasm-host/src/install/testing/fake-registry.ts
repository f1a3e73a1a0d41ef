import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { startServer } from "./http-server.ts";
import type { Blobs } from "./make-image.ts";

/** What a {@link FakeRegistry} does beside serving. */
export interface RegistryBehaviour {
  /** Wanted of each request; given out at /token. */
  readonly token?: string;
  /** Where tokens are given out. @default the registry itself */
  readonly realm?: string;
  /** Sends those who want a blob to another place. */
  readonly redirect?: (digest: string) => string;
}

/** As much of a registry as pulling takes: one name, `modules/shop`. */
export class FakeRegistry {
  readonly blobs: Blobs;
  /** Tag → digest. */
  readonly tags = new Map<string, string>();
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  readonly #behaviour: RegistryBehaviour;
  origin = "";

  private constructor(blobs: Blobs, behaviour: RegistryBehaviour) {
    this.blobs = blobs;
    this.#behaviour = behaviour;
  }

  static async start(
    test: Pick<TestContext, "after">,
    blobs: Blobs,
    behaviour: RegistryBehaviour = {},
  ): Promise<FakeRegistry> {
    const registry = new FakeRegistry(blobs, behaviour);
    registry.origin = await startServer(test, (request, response) => registry.#serve(request, response)); // prettier-ignore
    return registry;
  }

  /** host:port */
  get host(): string {
    return new URL(this.origin).host;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { token, realm = `${this.origin}/token` } = this.#behaviour;
    const url = new URL(request.url ?? "", this.origin);
    this.asked.push(`${url.pathname}${url.search}`);
    if (url.pathname === "/token") {
      response.end(JSON.stringify({ token }));
    } else if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      const challenge = `Bearer realm="${realm}",service="registry.test"`;
      response.writeHead(401, { "www-authenticate": challenge }).end("{}");
    } else this.#pull(url.pathname, response);
  }

  #pull(path: string, response: ServerResponse): void {
    const [, kind, target = ""] = /^\/v2\/modules\/shop\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    const redirect = kind === "blobs" ? this.#behaviour.redirect?.(target) : undefined;
    if (redirect !== undefined) {
      response.writeHead(307, { location: redirect }).end();
      return;
    }
    const bytes = this.blobs.get(this.tags.get(target) ?? target);
    if (bytes === undefined) response.writeHead(404).end("{}");
    else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  }
}
