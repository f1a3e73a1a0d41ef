import { type RequestListener, createServer } from "node:http";
import type { TestContext } from "node:test";

/** A server on a free port of 127.0.0.1 that ends with the test. Returns its origin without slash. */
export async function startServer(
  test: Pick<TestContext, "after">,
  listener: RequestListener,
): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}
