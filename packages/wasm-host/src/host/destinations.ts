import { isIP } from "node:net";
import type { Logger } from "@layotto/sidecar-kit";
import { type ListenAddress, parseAddress } from "@layotto/sidecar-kit/process";
import { allows } from "../model/capabilities.ts";
import type { HostOp } from "../model/host-calls.ts";
import type { Grants } from "./grants.ts";
import { functionOf, type HostCaller } from "./host-caller.ts";
import { isPublicAddress } from "./public-address.ts";
import type { Seldom } from "./seldom.ts";

/** Where a call-out goes. */
export type Destination =
  /** An upstream of the configuration: whoever named it has decided that it may be reached. */
  | { readonly kind: "upstream"; readonly name: string; readonly address: ListenAddress }
  /** A public host, or an IP address that is granted by itself. IPv6 without brackets. */
  | { readonly kind: "host"; readonly host: string; readonly port: number | undefined };

/** Finds out where a guest may send its call-outs. */
export class Destinations {
  readonly #upstreams: ReadonlyMap<string, ListenAddress>;
  readonly #grants: Grants;
  readonly #logger: Logger;
  readonly #seldom: Seldom;

  /** @param upstreams name → `host:port` or `unix:/path` @throws Error an address is none */
  constructor(
    upstreams: Readonly<Record<string, string>>,
    options: { readonly grants: Grants; readonly logger: Logger; readonly seldom: Seldom },
  ) {
    const entries = Object.entries(upstreams);
    this.#upstreams = new Map(entries.map(([name, address]) => [name, parseAddress(address)]));
    this.#grants = options.grants;
    this.#logger = options.logger;
    this.#seldom = options.seldom;
  }

  /** What `upstream` of a call-out means; undefined: nothing, or it is not granted, which is logged. */
  find(caller: HostCaller, upstream: string, op: HostOp): Destination | undefined {
    const address = this.#upstreams.get(upstream);
    if (address !== undefined) {
      if (!this.#grants.allows(caller, "outbound", upstream, op)) return undefined;
      return { kind: "upstream", name: upstream, address };
    }
    const found = parseHost(upstream);
    if (found === undefined) {
      this.#unknown(caller, upstream, op);
      return undefined;
    }
    return this.#grantedHost(caller, found, op);
  }

  #grantedHost(caller: HostCaller, { host, port }: HostPort, op: HostOp): Destination | undefined {
    const { outbound } = caller.version.definition.capabilities;
    const bracketed = host.includes(":") ? `[${host}]` : host;
    const text = port === undefined ? bracketed : `${bracketed}:${port}`;
    const listed = [host, bracketed, text].some((name) => outbound.includes(name));
    // "*" means the internet, not the machine and the network that this process runs in.
    if (listed || (allows(outbound, text) && (isIP(host) === 0 || isPublicAddress(host))))
      return { kind: "host", host, port };
    this.#grants.denied(caller, "outbound", text, op);
    return undefined;
  }

  #unknown(caller: HostCaller, upstream: string, op: HostOp): void {
    const who = functionOf(caller);
    const name = upstream.slice(0, 200);
    if (!this.#seldom.allows(who, `${op} ${name}`)) return;
    this.#logger.warn(
      { function: who, operation: op, upstream: name },
      "function called an upstream that is neither in wasm.upstreams nor host:port",
    );
  }
}

interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `host`, `host:port`, `1.2.3.4:port`, `[::1]:port`; only what URL parsers leave as it is. */
function parseHost(text: string): HostPort | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text.toLowerCase());
  const [, written = "", digits] = parts ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (written === "" || written.length > 255 || port === 0 || (port ?? 0) > 65_535)
    return undefined;
  const parsed = URL.canParse(`http://${written}`) ? new URL(`http://${written}`).hostname : "";
  // Otherwise 0x7f.1 and 2130706433, which mean 127.0.0.1, would pass as names and be connected to as addresses.
  if (!written.startsWith("[") && parsed !== written) return undefined;
  const host = parsed.replace(/^\[(.*)\]$/, "$1");
  return host === "" ? undefined : { host, port };
}
