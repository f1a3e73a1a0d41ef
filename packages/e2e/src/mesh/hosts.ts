import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type {
  Fault,
  HostProtocol,
  HostsCommand,
  HostsReply,
  HostsReport,
} from "./hosts-messages.ts";

const entry = fileURLToPath(new URL(`./hosts-process${extname(import.meta.url)}`, import.meta.url));

/** Hosts in a process of their own. */
export class Hosts {
  readonly #child: ChildProcess;
  /** Ports of every host. */
  #ports: readonly Readonly<Record<HostProtocol, number>>[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(count: number): Promise<Hosts> {
    const hosts = new Hosts(fork(entry, { stdio: ["ignore", "inherit", "inherit", "ipc"] }));
    const reply = await hosts.#ask({ type: "open", hosts: count });
    if (reply.type === "opened") hosts.#ports = reply.ports;
    return hosts;
  }

  /** The ports of all hosts for a protocol. */
  ports(protocol: HostProtocol): number[] {
    return this.#ports.map((each) => each[protocol]);
  }

  /** From now on these hosts have the fault, and no others. */
  async setFault(fault: Fault, hosts: readonly number[]): Promise<void> {
    await this.#ask({ type: "fault", hosts, fault });
  }

  /** Nothing is answered any more on the connections that are open now; new ones are served. */
  async deafen(): Promise<void> {
    await this.#ask({ type: "deafen" });
  }

  async report(): Promise<HostsReport> {
    const reply = await this.#ask({ type: "report" });
    if (reply.type !== "report") throw new Error(`hosts answered with ${reply.type}`);
    return reply.report;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  async #ask(command: HostsCommand): Promise<HostsReply> {
    const reply = once(this.#child, "message");
    this.#child.send(command);
    const [message] = (await reply) as [HostsReply]; // the process sends nothing else
    return message;
  }
}
