// Calls everything that Layotto offers once, and answers with what came of it:
// curl -H 'id: tour' localhost:2045
import {
  callForeignFunction,
  Config,
  deleteState,
  dequeue,
  enqueue,
  getConfigurationItem,
  getProperty,
  getSecret,
  getShared,
  getState,
  info,
  Metric,
  MetricKind,
  nextId,
  onConfigure,
  publish,
  registerQueue,
  Request,
  Response,
  serve,
  setShared,
  setState,
  toBytes,
  toText,
  tryLock,
  unlock,
} from "layotto-guest";

export * from "layotto-guest/exports/function";

let greeting = "";

onConfigure((config: Config): bool => {
  const value = config.get("greeting");
  if (value !== null) greeting = value;
  return true;
});

function text(bytes: ArrayBuffer | null): string {
  return bytes !== null ? toText(bytes) : "?";
}

function state(lines: string[]): void {
  setState("state_demo", "tour", toBytes("hello"));
  lines.push(`state: ${text(getState("state_demo", "tour"))}`);
  deleteState("state_demo", "tour");
  lines.push(`deleted: ${text(getState("state_demo", "tour"))}`);
}

function others(lines: string[]): void {
  const published = publish("pubsub_demo", "tours", toBytes("begun"), "text/plain");
  lines.push(`published: ${published ? "yes" : "no"}`);
  lines.push(`locked: ${tryLock("lock_demo", "tour", "me", 10) ? "yes" : "no"}`);
  lines.push(`unlocked: ${unlock("lock_demo", "tour", "me").toString()}`);
  lines.push(`id: ${nextId("sequencer_demo", "tour").toString()}`);
  const secret = getSecret("secret_demo", "db");
  if (secret !== null) lines.push(`secret: ${secret[0].name}=${secret[0].value}`);
  lines.push(`color: ${text(getConfigurationItem("config_demo", "color"))}`);
}

function shared(lines: string[]): void {
  setShared("tour", toBytes("1"));
  const first = getShared("tour");
  if (first === null) return;
  lines.push(`shared: ${toText(first.value)}`);
  setShared("tour", toBytes("2"), first.cas);
  lines.push(`stale: ${setShared("tour", toBytes("3"), first.cas) ? "written" : "refused"}`);
  const queue = <u32>registerQueue("tours");
  enqueue(queue, toBytes("ticket"));
  lines.push(`queue: ${text(dequeue(queue))}`);
  const counter = new Metric(MetricKind.Counter, "tours");
  counter.add(3);
  lines.push(`counted: ${counter.value().toString()}`);
}

serve("tour", (_request: Request): Response => {
  const lines = [`greeting: ${greeting}`];
  const name = getProperty("plugin_name");
  if (name !== null) lines.push(`name: ${name}`);
  state(lines);
  others(lines);
  shared(lines);
  lines.push(`foreign: ${text(callForeignFunction("nothing", toBytes("")))}`);
  info("the tour is over");
  return Response.text(lines.join("\n")).header("x-tour", "over");
});
