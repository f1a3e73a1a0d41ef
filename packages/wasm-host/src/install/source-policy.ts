import { type BlockList, isIP } from "node:net";
import { WasmError } from "../errors.ts";
import { isIn, isLoopbackAddress, isPublicAddress, listOf } from "./public-address.ts";

/** What modules may be fetched from. */
export interface AllowLists {
  /** Beginnings of URLs: scheme, host and port as a whole, the path up to a slash. */
  readonly allowedUrls: readonly string[];
  /** `host`, `host:port` or a URL of one, optionally with the beginning of a name. Without scheme it is https. */
  readonly allowedRegistries: readonly string[];
  /** Networks that names may stand for though they are not public. @default none */
  readonly privateNetworks?: readonly string[];
}

/** Decides what may be fetched, and which addresses may be connected to for it. */
export class SourcePolicy {
  readonly #urls: readonly URL[];
  readonly #registries: readonly URL[];
  readonly #networks: BlockList;

  constructor({ allowedUrls, allowedRegistries, privateNetworks = [] }: AllowLists) {
    this.#urls = allowedUrls.flatMap(parsed);
    this.#registries = allowedRegistries.flatMap((text) =>
      parsed(/^https?:\/\//.test(text) ? text : `https://${text}`),
    );
    this.#networks = listOf(privateNetworks);
  }

  /**
   * Checks a URL before it is asked for.
   *
   * @param origin allowed beside the list: that of the registry whose image is fetched
   * @throws WasmError SOURCE_NOT_ALLOWED
   */
  checkUrl(url: URL, origin?: string): void {
    if (url.username !== "" || url.password !== "") {
      throw refused(shown(url), "it holds a user name or password");
    }
    if (url.origin === origin) return;
    if (!this.#urls.some((each) => isBelow(url, each))) {
      throw refused(shown(url), "put the beginning of it into wasm.sources.urls");
    }
  }

  /**
   * Returns where the registry of an image is.
   *
   * @param host host or host:port
   * @throws WasmError SOURCE_NOT_ALLOWED
   */
  registry(host: string, name: string): URL {
    const found = this.#registries.find((each) => {
      const target = parsed(`${each.protocol}//${host}/${name}`)[0];
      return target !== undefined && isBelow(target, each);
    });
    if (found !== undefined) return new URL("/", found);
    throw refused(`${host}/${name}`, "put its registry into wasm.sources.registries");
  }

  /**
   * Checks what a host stands for. A host that is an address itself is on an allow list as such, or it would not be asked.
   *
   * @throws WasmError SOURCE_NOT_ALLOWED when one of the addresses is private and not listed
   */
  checkAddresses(host: string, addresses: readonly string[]): void {
    if (isIP(host) !== 0) return;
    const isLocalhost = host === "localhost";
    for (const address of addresses) {
      if (isLocalhost ? isLoopbackAddress(address) : isPublicAddress(address)) continue;
      if (isIn(this.#networks, address)) continue;
      const cure = "put it into wasm.sources.private_networks if modules may come from there";
      throw refused(host, `it stands for "${address}", which is not public; ${cure}`);
    }
  }
}

/** How a URL is shown: a query may hold a secret. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function refused(what: string, why: string): WasmError {
  const message = `must not fetch ${JSON.stringify(what)}: ${why}`;
  return new WasmError("SOURCE_NOT_ALLOWED", 403, message);
}

function parsed(text: string): URL[] {
  return URL.canParse(text) ? [new URL(text)] : [];
}

function isBelow(url: URL, allowed: URL): boolean {
  if (url.protocol !== allowed.protocol || url.host !== allowed.host) return false;
  const { pathname } = allowed;
  if (pathname === "/") return true;
  // A server may take %2f for a slash, and then ".." leads anywhere.
  if (/%2f|%5c/i.test(url.pathname)) return false;
  const folder = pathname.endsWith("/") ? pathname : `${pathname}/`;
  return url.pathname === pathname || url.pathname.startsWith(folder);
}
