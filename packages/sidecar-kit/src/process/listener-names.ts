import { type ListenAddress, parseAddress } from "./address.ts";

/** A TCP address and the name of the socket that a supervisor holds for it. */
export interface NamedListener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Names the sockets of some addresses: the first TCP address is called like the prefix, the next `prefix-2` and so on.
 * Unix sockets, and what is no address, have none. A supervisor and the process that takes the sockets over both go by
 * this, so they must give the same list.
 *
 * @returns one entry per address, undefined where there is no TCP socket
 */
export function nameListeners(
  prefix: string,
  addresses: readonly (string | undefined)[],
): (NamedListener | undefined)[] {
  let count = 0;
  return addresses.map((text) => {
    const address = text === undefined ? undefined : tryParse(text);
    if (address === undefined || !("port" in address)) return undefined;
    count += 1;
    return { name: count === 1 ? prefix : `${prefix}-${count}`, ...address };
  });
}

/** What is no address is reported by whoever checks the configuration. */
function tryParse(text: string): ListenAddress | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}
