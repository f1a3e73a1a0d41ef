import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** A record that the server answers with. */
export type DnsRecord =
  | { readonly type: "A"; readonly ip: string; readonly ttl: number }
  | { readonly type: "AAAA"; readonly words: readonly number[]; readonly ttl: number }
  | { readonly type: "SRV"; readonly target: string; readonly port: number; readonly priority: number; readonly weight: number; readonly ttl: number }; // prettier-ignore

/** What becomes of a question. */
export type DnsReply = readonly DnsRecord[] | "NXDOMAIN" | "SERVFAIL" | "SILENCE";

const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;
const RCODES = { SERVFAIL: 2, NXDOMAIN: 3 } as const;

/** A DNS server on UDP that knows what a test tells it. */
export class DnsServer {
  /** Questions that were asked: `"name TYPE"`. */
  readonly questions: string[] = [];
  readonly #zone = new Map<string, DnsReply>();
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (message, peer) => this.#answer(message, peer));
  }

  /** Starts a server on loopback that ends with the test. */
  static async start(test: { after(fn: () => void): void }): Promise<DnsServer> {
    const socket = createSocket("udp4");
    test.after(() => socket.close());
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new DnsServer(socket);
  }

  /** `ip:port`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Sets what a name means. Other names do not exist. */
  set(name: string, type: DnsRecord["type"], reply: DnsReply): void {
    this.#zone.set(`${name} ${type}`, reply);
  }

  #answer(message: Buffer, { port, address }: RemoteInfo): void {
    const labels: string[] = [];
    let at = 12;
    for (let size = message[at] ?? 0; size > 0; size = message[at] ?? 0) {
      labels.push(message.toString("latin1", at + 1, at + 1 + size));
      at += 1 + size;
    }
    const code = message.readUInt16BE(at + 1);
    const type = Object.entries(TYPES).find(([, value]) => value === code)?.[0] ?? String(code);
    const question = `${labels.join(".")} ${type}`;
    this.questions.push(question);
    const reply = this.#zone.get(question) ?? "NXDOMAIN";
    if (reply === "SILENCE") return;
    const records = typeof reply === "string" ? [] : reply;
    const head = Buffer.from(message.subarray(0, 12));
    head.writeUInt16BE(0x8180 | (typeof reply === "string" ? RCODES[reply] : 0), 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt32BE(0, 8);
    const asked = message.subarray(12, at + 5);
    this.#socket.send(Buffer.concat([head, asked, ...records.map(encode)]), port, address);
  }
}

function encode(record: DnsRecord): Buffer {
  const data = dataOf(record);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the name asked for
  head.writeUInt16BE(TYPES[record.type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(record.ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(record: DnsRecord): Buffer {
  if (record.type === "A") return Buffer.from(record.ip.split(".").map(Number));
  if (record.type === "AAAA") return words(record.words);
  const labels = record.target.split(".").filter((label) => label !== "");
  const name = labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  const { priority, weight, port } = record;
  return Buffer.concat([words([priority, weight, port]), ...name, Buffer.from([0])]);
}

function words(list: readonly number[]): Buffer {
  return Buffer.from(list.flatMap((word) => [word >> 8, word & 255]));
}
