import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { makeAuthority, tempDir } from "@layotto/sidecar-kit/testing";
import type { ClientTlsConfig } from "../model/cluster.ts";
import type { ServerTlsConfig } from "../model/listener.ts";
import { ClientTls } from "./client-tls.ts";
import { ServerTls, type ServerTlsOptions } from "./server-tls.ts";
import { issueFor } from "./testing/issue.ts";
import { greet, listenTls } from "./testing/pair.ts";

const uri = "spiffe://mesh/ns/shop/sa/";

function place(t: TestContext) {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const issue = (file: string, ...names: string[]) => issueFor(dir, authority, file, names);
  const serve = (config: Partial<ServerTlsConfig>, options?: ServerTlsOptions) => {
    const whole = { certificates: [], requireClientCert: false, acceptPlaintext: false, ...config };
    return listenTls(t, new ServerTls(whole, silentLogger, options));
  };
  const call = (config: ClientTlsConfig) => {
    const tls = new ClientTls({ ca: authority.cert, ...config }, silentLogger);
    t.after(() => tls.close());
    return tls;
  };
  return { dir, authority, issue, serve, call };
}

test("ServerTls chooses the certificate by SNI: exact, then wildcard, else the first", async (t) => {
  const { issue, serve, call } = place(t);
  const first = issue("first", "DNS:localhost", "IP:127.0.0.1");
  const exact = issue("exact", "DNS:a.wild.example");
  const wild = issue("wild", "DNS:*.wild.example");
  const { port } = await serve({ certificates: [first, wild, exact] });
  const subject = async (hostname: string) => {
    const socket = await greet(port, call({ insecureSkipVerify: true }), hostname);
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };
  assert.equal(await subject("A.wild.example"), "exact");
  assert.equal(await subject("b.wild.example"), "wild");
  assert.equal(await subject("other.example"), "first");
  assert.equal(await subject("127.0.0.1"), "first");
});

test("ClientTls checks the host's name, or the server name, or the identities", async (t) => {
  const { issue, serve, call } = place(t);
  const pair = issue("server", "DNS:localhost", `URI:${uri}orders`);
  const { port } = await serve({ certificates: [pair] });
  (await greet(port, call({}))).destroy();
  (await greet(port, call({ serverName: "localhost" }), "10.1.2.3")).destroy();
  (await greet(port, call({ identities: [`${uri}orders`] }), "10.1.2.3")).destroy();
  await assert.rejects(greet(port, call({}), "elsewhere.example"), /elsewhere\.example/);
  await assert.rejects(
    greet(port, call({ identities: [`${uri}billing`] })),
    /^Error: Accept another identity .*"127\.0\.0\.1:\d+".*spiffe:\/\/mesh\/ns\/shop\/sa\/orders/,
  );
});

test("ClientTls refuses a server whose authority it does not know", async (t) => {
  const own = place(t);
  const other = place(t);
  const { port } = await own.serve({ certificates: [own.issue("server", "DNS:localhost")] });
  await assert.rejects(greet(port, other.call({})), /certificate/);
});

test("ServerTls with requireClientCert accepts its authority's clients and refuses all others", async (t) => {
  const { issue, serve, call, authority } = place(t);
  const foreign = place(t).issue("foreign", "DNS:localhost");
  const pair = issue("server", "DNS:localhost");
  const refused: string[] = [];
  const listener = await serve(
    { certificates: [pair], ca: authority.cert, requireClientCert: true },
    { onRefused: (reason) => refused.push(reason) },
  );
  const client = await greet(listener.port, call(issue("client", `URI:${uri}web`)));
  assert.equal(listener.accepted[0]?.authorized, true);
  client.destroy();
  await assert.rejects(greet(listener.port, call({})));
  await assert.rejects(greet(listener.port, call(foreign)));
  assert.equal(listener.accepted.length, 1);
  assert.equal(refused.length, 2);
});

test("ServerTls with an optional client certificate still refuses a bad one", async (t) => {
  const { issue, serve, call, authority } = place(t);
  const foreign = place(t).issue("foreign", "DNS:localhost");
  const pair = issue("server", "DNS:localhost");
  const { port } = await serve({ certificates: [pair], ca: authority.cert });
  (await greet(port, call({}))).destroy();
  await assert.rejects(greet(port, call(foreign)));
});

test("ServerTls lets only the accepted identities in", async (t) => {
  const { issue, serve, call, authority } = place(t);
  const pair = issue("server", "DNS:localhost");
  const identities = [`${uri}web`, "*.trusted.example"];
  const { port } = await serve({ certificates: [pair], ca: authority.cert, identities });
  (await greet(port, call(issue("web", `URI:${uri}web`)))).destroy();
  (await greet(port, call(issue("trusted", "DNS:a.trusted.example")))).destroy();
  await assert.rejects(greet(port, call(issue("thief", `URI:${uri}thief`))));
  await assert.rejects(greet(port, call({})));
});

test("ServerTls agrees on a protocol by ALPN, best first, and serves clients without it", async (t) => {
  const { issue, serve, call } = place(t);
  const certificates = [issue("server", "DNS:localhost")];
  const { port } = await serve({ certificates }, { alpn: ["h2", "http/1.1"] });
  const agreed = async (offer: string[]) => {
    const socket = await greet(port, call({}), "localhost", offer);
    socket.destroy();
    return socket.alpnProtocol;
  };
  assert.equal(await agreed(["http/1.1", "h2"]), "h2");
  assert.equal(await agreed(["http/1.1"]), "http/1.1");
  assert.equal(await agreed([]), false);
});

test("ServerTls makes a connection of a socket whose first bytes were looked at", async (t) => {
  const { issue, call } = place(t);
  const { cert, key } = issue("server", "DNS:localhost");
  const config = { certificates: [{ cert, key }], requireClientCert: false, acceptPlaintext: true };
  const tls = new ServerTls(config, silentLogger);
  const wrap = tls.wrap.bind(tls);
  tls.wrap = (socket, onSecure) =>
    void socket.once("data", (bytes) => {
      socket.pause();
      socket.unshift(bytes);
      wrap(socket, onSecure);
    });
  const { port } = await listenTls(t, tls);
  const socket = await greet(port, call({}));
  socket.write("echo");
  const [answer] = await once(socket, "data");
  assert.equal(String(answer), "echo");
  socket.destroy();
});

test("ClientTls.options throws, naming the file, until there are certificates", (t) => {
  const { dir, call } = place(t);
  const tls = call({ cert: `${dir}/none.pem`, key: `${dir}/none.key` });
  const host = { address: "127.0.0.1:1", hostname: "localhost" };
  assert.throws(() => tls.options(host), /^Error: Make ".*none\.pem" a readable PEM file: ENOENT/);
  assert.match(String(tls.error), /none\.pem/);
});
