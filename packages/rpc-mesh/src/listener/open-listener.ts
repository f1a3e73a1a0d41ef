import type { Logger } from "@layotto/sidecar-kit";
import {
  addressText,
  isLocalAddress,
  listenError,
  listenPrivately,
  parseAddress,
  type ListenAddress,
} from "@layotto/sidecar-kit/process";
import { parseIpAccess } from "../resilience/ip-access.ts";
import { MeshListener } from "./mesh-listener.ts";
import { protocolServers } from "./protocols.ts";
import type { ListenerScope } from "./scope.ts";

/** The listener of a scope that has an address. */
export function createListener(scope: ListenerScope): MeshListener {
  const { ipAccess } = scope.config;
  // Addresses in a header are for the scope to judge, call by call.
  const isJudged = ipAccess !== undefined && ipAccess.header === undefined;
  const access = isJudged ? parseIpAccess(ipAccess) : undefined;
  return new MeshListener(scope, protocolServers(scope), access);
}

/** Where a listener listens. */
export function addressOf({ scope }: MeshListener): ListenAddress {
  return parseAddress(scope.config.address ?? "");
}

/**
 * Begins to listen.
 *
 * @param handle listening socket that the supervisor handed over
 * @throws StartError exit code 69 when the address is taken
 */
export async function openListener(
  listener: MeshListener,
  handle: unknown,
  logger: Logger,
): Promise<void> {
  const { name, tls } = listener.scope.config;
  const address = addressOf(listener);
  try {
    if ("path" in address) await openPrivately(listener, address.path);
    else await listener.listen(Object(handle ?? address));
  } catch (error) {
    throw listenError(error, address);
  }
  if (!isLocalAddress(address) && tls === undefined) {
    logger.warn({ listener: name }, "listener is open to other machines, without TLS");
  }
  logger.info({ listener: name, address: addressText(address) }, "listening");
}

/** A unix socket takes over the name of the generation before it, or of a process that was killed. */
async function openPrivately(listener: MeshListener, path: string): Promise<void> {
  const listening = {
    listen: async (target: object) => ({ address: path, port: await listener.listen(target) }),
  };
  const { publish } = await listenPrivately(listening, path);
  publish();
}
