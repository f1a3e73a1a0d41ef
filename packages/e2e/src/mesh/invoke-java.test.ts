/** InvokeService over bolt and dubbo: services in Java called by an application that writes their content itself. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Metadata, Status } from "@layotto/grpc-transport";
import { bytes, runtime } from "../harness/calls.ts";
import { startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { clusterOf, listenerInside, type Part, routeTo, routerOf, rpcsOf } from "./config.ts";
import { GREETER, type JavaProvider, skipWithoutPeer, startProvider } from "./java-peer.ts";
import {
  dubboBody,
  dubboFrame,
  readDubboBody,
  readSofaContent,
  sofaContent,
  sofaRequestClass,
} from "./rpc-codecs.ts";

type Api = ReturnType<typeof runtime>;
type CallOptions = Parameters<Api["invokeService"]>[1];

async function startOn(scope: Scope, channel: Part, ports: readonly number[]): Promise<Api> {
  const match = { headers: [{ name: "id", value: "greeter" }] };
  const mesh = {
    listeners: [listenerInside("egress", String(channel["protocol"]))],
    routers: [routerOf("egress", routeTo("greeter", { match }))],
    clusters: [clusterOf("greeter", ports)],
  };
  const rpcs = rpcsOf({ ...channel, listener: "egress" });
  const layotto = scope.use(await startLayotto({ config: { rpcs, mesh } }));
  await untilReady(layotto);
  return runtime(layotto.client());
}

describe("InvokeService over bolt, to SOFARPC", { skip: skipWithoutPeer("sofarpc") }, () => {
  const scope = new Scope();
  const service = `${GREETER}:1.0`;
  const headers = { metadata: Metadata.from([["service", service]]) };
  let providers: JavaProvider[];
  let api: Api;
  before(async () => {
    providers = await Promise.all([startProvider("sofarpc", "north"), startProvider("sofarpc", "south")]);
    for (const provider of providers) scope.use(provider);
    const channel = { protocol: "bolt", ext: { class: sofaRequestClass } };
    api = await startOn(scope, channel, providers.map(({ port }) => port));
  }); // prettier-ignore
  after(() => scope.close());

  async function call(content: Buffer, options: CallOptions = headers) {
    const message = { method: "greet", data: { value: content } };
    return readSofaContent((await api.invokeService({ id: "greeter", message }, options)).data?.value ?? bytes("")); // prettier-ignore
  }

  it("an answer comes back", async () => {
    const { appResponse, error } = await call(sofaContent(service, "greet", "Grüße"));
    assert.equal(error ?? undefined, undefined);
    assert.match(String(appResponse), /^Hello Grüße from (north|south)$/);
  });

  it("200 calls in parallel each get their own answer", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `caller-${i}`);
    const answers = await Promise.all(names.map((name) => call(sofaContent(service, "greet", name))));
    for (const [i, { appResponse }] of answers.entries()) assert.ok(String(appResponse).startsWith(`Hello caller-${i} `));
  }); // prettier-ignore

  it("an id without a route says so", async () => {
    const message = { method: "greet", data: { value: sofaContent(service, "greet", "Eva") } };
    const code = Status.NOT_FOUND;
    await assert.rejects(api.invokeService({ id: "nobody", message }, headers), { code, message: /no route/ }); // prettier-ignore
  });

  it("content that is no Hessian is the service's error, with its bolt status", async () => {
    const message = { method: "greet", data: { value: bytes("no hessian") } };
    await assert.rejects(api.invokeService({ id: "greeter", message }, headers), /bolt error code \d+/); // prettier-ignore
  });

  it("a one-way call is answered at once", async () => {
    const metadata = Metadata.from([["service", service], ["rpc_request_type", "oneway"]]); // prettier-ignore
    const message = { method: "greet", data: { value: sofaContent(service, "greet", "Eva") } };
    const { data } = await api.invokeService({ id: "greeter", message }, { metadata });
    assert.equal(data?.value.length ?? 0, 0);
  });

  it("a provider killed: calls go on at the other one", async () => {
    const [north, south] = providers;
    assert.ok(north !== undefined && south !== undefined);
    await north.kill();
    for (let i = 0; i < 20; i += 1) {
      const { appResponse } = await call(sofaContent(service, "greet", "Eva"));
      assert.equal(appResponse, "Hello Eva from south");
    }
  });
});

describe("InvokeService over dubbo, to Apache Dubbo", { skip: skipWithoutPeer("dubbo") }, () => {
  const scope = new Scope();
  let provider: JavaProvider;
  let api: Api;
  before(async () => {
    provider = scope.use(await startProvider("dubbo", "north"));
    api = await startOn(scope, { protocol: "dubbo" }, [provider.port]);
  });
  after(() => scope.close());

  async function call(value: Buffer, options?: CallOptions) {
    const message = { method: "greet", data: { value } };
    return (await api.invokeService({ id: "greeter", message }, options)).data?.value ?? bytes("");
  }
  const greet = (name: string): Buffer => dubboBody(GREETER, "1.0.0", "greet", name);

  it("takes a whole frame, as Layotto wants it", async () => {
    const answer = await call(dubboFrame(greet("Grüße")));
    assert.equal(readDubboBody(answer), "Hello Grüße from north");
  });

  it("takes a body alone", async () => {
    assert.equal(readDubboBody(await call(greet("Eva"))), "Hello Eva from north");
  });

  it("200 calls in parallel each get their own answer", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `caller-${i}`);
    const answers = await Promise.all(names.map((name) => call(greet(name))));
    for (const [i, answer] of answers.entries()) assert.equal(readDubboBody(answer), `Hello caller-${i} from north`);
  }); // prettier-ignore

  it("an exception that is thrown is an error with its class and text", async () => {
    const code = Status.UNKNOWN;
    await assert.rejects(call(dubboBody(GREETER, "1.0.0", "fail", "no luck")), { code, message: /IllegalStateException.*no luck/ }); // prettier-ignore
  });

  it("a service that is not there is an error of the provider", async () => {
    await assert.rejects(call(dubboBody("layotto.peers.Nobody", "1.0.0", "greet", "Eva")), /dubbo error code \d+|Exception/); // prettier-ignore
  });

  it("a provider killed in the middle of a call: UNAVAILABLE, not a wait", async () => {
    const metadata = Metadata.from([["rpc_request_timeout", "9000"]]);
    const encoder = dubboBody(GREETER, "1.0.0", "slow");
    const slow = assert.rejects(call(withLong(encoder, 8000), { metadata }), { code: Status.UNAVAILABLE }); // prettier-ignore
    await provider.sleeping(8000);
    await provider.kill();
    await slow;
  });
});

/** Puts the one argument, a long, and its descriptor into a body without any. */
function withLong(body: Buffer, value: number): Buffer {
  const at = body.indexOf("slow") + 4;
  // An empty text is 00; then "J", and the number as a long of 32 bits.
  const argument = Buffer.from([1, 0x4a, 0x59, 0, 0, 0, 0]);
  argument.writeInt32BE(value, 3);
  return Buffer.concat([body.subarray(0, at), argument, body.subarray(at + 1)]);
}
