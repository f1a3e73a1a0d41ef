/** Hosts with faults, told by the test what to do. A process of its own, so that a busy test delays no answer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostPort } from "./host-port.ts";
import { boltPort, grpcPort, httpPort } from "./host-protocols.ts";
import { type HostProtocol, type HostsCommand, type HostsReply, ONCE } from "./hosts-messages.ts";

const folder = mkdtempSync(join(tmpdir(), "lay-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const seen: Record<HostProtocol, number> = { http: 0, grpc: 0, bolt: 0 };
const once = new Set<string>();
const repeated = new Set<string>();
const hosts: Record<HostProtocol, HostPort>[] = [];

function counter(protocol: HostProtocol): (id: string) => void {
  return (id) => {
    seen[protocol] += 1;
    if (!id.startsWith(ONCE)) return;
    if (once.has(id)) repeated.add(id);
    once.add(id);
  };
}

async function openHost(name: string): Promise<void> {
  const host = {
    http: httpPort(counter("http")),
    grpc: await grpcPort(counter("grpc"), folder, name),
    bolt: boltPort(counter("bolt")),
  };
  await Promise.all(Object.values(host).map((port) => port.open()));
  hosts.push(host);
}

async function obey(command: HostsCommand): Promise<HostsReply> {
  switch (command.type) {
    case "open": {
      for (let i = 0; i < command.hosts; i += 1) await openHost(String(i));
      const ports = hosts.map(({ http, grpc, bolt }) => ({ http: http.port, grpc: grpc.port, bolt: bolt.port })); // prettier-ignore
      return { type: "opened", ports };
    }
    case "fault": {
      for (const [index, host] of hosts.entries()) {
        const fault = command.hosts.includes(index) ? command.fault : undefined;
        for (const port of Object.values(host)) await port.setFault(fault);
      }
      return { type: "changed" };
    }
    case "deafen": {
      for (const host of hosts) for (const port of Object.values(host)) port.deafen();
      return { type: "changed" };
    }
    case "report":
      return { type: "report", report: { seen: { ...seen }, once: once.size, repeated: [...repeated].slice(0, 20) } }; // prettier-ignore
  }
}

process.on("message", (command: HostsCommand) => {
  void obey(command).then((reply) => process.send?.(reply));
});
process.once("disconnect", () => process.exit(0));
