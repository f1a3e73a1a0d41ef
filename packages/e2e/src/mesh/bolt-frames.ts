// Just enough of bolt v1 to write hosts and callers with it, apart from the code that is tested.

const REQUEST_HEAD = 22;
const RESPONSE_HEAD = 20;
const requestClass = "com.alipay.sofa.rpc.core.request.SofaRequest";
const responseClass = "com.alipay.sofa.rpc.core.response.SofaResponse";

/** A frame that came in. */
export interface BoltFrame {
  readonly id: number;
  readonly isResponse: boolean;
  readonly isHeartbeat: boolean;
  /** The peer wants no more requests on this connection (MOSN's extension). */
  readonly isGoaway: boolean;
  /** Of responses. */
  readonly status: number;
  readonly content: string;
}

/** Cuts what comes over a connection into frames. */
export class BoltFrames {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error when this is not bolt v1 */
  take(chunk: Buffer): BoltFrame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: BoltFrame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): BoltFrame | undefined {
    const bytes = this.#rest;
    if (bytes.length < RESPONSE_HEAD) return undefined;
    if (bytes[0] !== 1) throw new Error(`no bolt frame: ${bytes.toString("hex", 0, 32)}`);
    const isResponse = bytes[1] === 0;
    const head = isResponse ? RESPONSE_HEAD : REQUEST_HEAD;
    if (bytes.length < head) return undefined;
    const contentAt = head + bytes.readUInt16BE(head - 8) + bytes.readUInt16BE(head - 6);
    const end = contentAt + bytes.readUInt32BE(head - 4);
    if (bytes.length < end) return undefined;
    this.#rest = bytes.subarray(end);
    return {
      id: bytes.readUInt32BE(5),
      isResponse,
      isHeartbeat: bytes.readUInt16BE(2) === 0,
      isGoaway: bytes.readUInt16BE(2) === 100,
      status: isResponse ? bytes.readUInt16BE(10) : 0,
      content: bytes.toString("utf8", contentAt, end),
    };
  }
}

/** A request of SOFARPC; the header `service` is what routes go by. */
export function boltRequest(id: number, service: string, content: string): Buffer {
  const header = Buffer.concat([sized("service"), sized(service)]);
  const head = Buffer.alloc(REQUEST_HEAD);
  head.set([1, 1, 0, 1, 1]);
  head.writeUInt32BE(id, 5);
  head[9] = 1;
  head.writeInt32BE(10_000, 10);
  return Buffer.concat([finished(head, requestClass, header, content, 0), Buffer.from(requestClass), header, Buffer.from(content)]); // prettier-ignore
}

/** A response. @param lie so many octets of content are announced and not there */
export function boltResponse(id: number, status: number, content: string, lie = 0): Buffer {
  const head = Buffer.alloc(RESPONSE_HEAD);
  head.set([1, 0, 0, 2, 1]);
  head.writeUInt32BE(id, 5);
  head[9] = 1;
  head.writeUInt16BE(status, 10);
  return Buffer.concat([finished(head, responseClass, Buffer.alloc(0), content, lie), Buffer.from(responseClass), Buffer.from(content)]); // prettier-ignore
}

function finished(head: Buffer, className: string, header: Buffer, content: string, lie: number) {
  head.writeUInt16BE(className.length, head.length - 8);
  head.writeUInt16BE(header.length, head.length - 6);
  head.writeUInt32BE(Buffer.byteLength(content) + lie, head.length - 4);
  return head;
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
