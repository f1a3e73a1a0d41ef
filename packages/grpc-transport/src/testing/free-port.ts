import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Returns a TCP port of 127.0.0.1 that nobody uses at this moment. It lies below those that the system gives to
 * connections and to servers that ask for none: one of those could be taken by anybody until it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    const listening = await once(server, "listening").catch(() => undefined);
    if (listening === undefined) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
