import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TLSSocket, connect } from "node:tls";
import type { TestContext } from "node:test";
import type { ClientTls } from "../client-tls.ts";
import type { ServerTls } from "../server-tls.ts";

/** A listener that says hello over TLS and then echoes. */
export interface TlsListener {
  readonly port: number;
  readonly accepted: TLSSocket[];
}

/** Listens on a free port until the test ends. */
export async function listenTls(test: TestContext, tls: ServerTls): Promise<TlsListener> {
  const accepted: TLSSocket[] = [];
  const server = createServer((socket) =>
    tls.wrap(socket, (secure) => {
      accepted.push(secure);
      secure.on("error", () => {});
      secure.write("hello");
      secure.pipe(secure);
    }),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  test.after(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
    tls.close();
  });
  return { accepted, port: (server.address() as AddressInfo).port }; // it listens on TCP
}

/** Connects and waits for the hello. Rejects when either side refuses the other. */
export async function greet(
  port: number,
  tls: ClientTls,
  hostname = "localhost",
  alpn: string[] = [],
): Promise<TLSSocket> {
  const address = `127.0.0.1:${port}`;
  const options = tls.options({ address, hostname });
  const socket = connect({ ...options, host: "127.0.0.1", port, ALPNProtocols: alpn });
  await new Promise<void>((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without a hello")));
  });
  socket.on("error", () => {});
  return socket;
}
