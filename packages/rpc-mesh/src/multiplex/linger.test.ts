import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { it } from "node:test";
import { endAndLinger } from "./linger.ts";

it("closes a connection whose peer neither follows nor falls silent", async (test) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  test.after(() => server.close());
  await once(server, "listening");
  const ours = connect((server.address() as AddressInfo).port, "127.0.0.1"); // a TCP server
  const [peer] = (await once(server, "connection")) as [Socket];
  peer.on("error", () => {});
  const chatter = setInterval(() => peer.write("x"), 5);
  test.after(() => clearInterval(chatter));
  ours.resume();
  endAndLinger(ours, 50);
  await once(ours, "close", { signal: AbortSignal.timeout(20_000) });
});
