// What an application does that calls SOFARPC or Dubbo by InvokeService: it writes and reads the content itself, here with
// the npm packages of Alibaba, which have no types.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

interface BoltLibrary {
  requestEncode(id: number, request: object, options: object): Buffer;
  decode(frame: Buffer, options: object): { data: SofaAnswer };
}

/** What a SOFARPC service answered. */
export interface SofaAnswer {
  readonly appResponse?: unknown;
  readonly error?: Error | null;
}

interface HessianLibrary {
  EncoderV2: new () => { write(value: unknown): unknown; get(): Buffer };
  DecoderV2: new (bytes: Buffer) => { read(): unknown };
}

const bolt = require("sofa-bolt-node/lib/protocol/index.js") as BoltLibrary; // an untyped package
const hessian = require("hessian.js") as HessianLibrary; // an untyped package

const boltOptions = {
  protocolType: "bolt",
  boltVersion: 1,
  crcEnable: false,
  codecType: "hessian2",
  classCache: new Map(),
  sentReqs: new Map(),
};

/** Class that the section `rpcs` names. */
export const sofaRequestClass = "com.alipay.sofa.rpc.core.request.SofaRequest";
const sofaResponseClass = "com.alipay.sofa.rpc.core.response.SofaResponse";

/** The content of a bolt request: a call of `service` (`interface:version`) with texts. */
export function sofaContent(service: string, method: string, ...texts: readonly string[]): Buffer {
  const args = texts.map(javaText);
  const request = { targetAppName: "", serverSignature: service, methodName: method, args, timeout: 3000 }; // prettier-ignore
  const frame = bolt.requestEncode(1, request, boltOptions);
  return frame.subarray(22 + frame.readUInt16BE(14) + frame.readUInt16BE(16));
}

/** Reads the content of a bolt response. */
export function readSofaContent(content: Uint8Array): SofaAnswer {
  const head = Buffer.alloc(20);
  head.set([1, 0, 0, 2, 1, 0, 0, 0, 1, 1]);
  head.writeUInt16BE(sofaResponseClass.length, 12);
  head.writeUInt32BE(content.length, 16);
  return bolt.decode(Buffer.concat([head, Buffer.from(sofaResponseClass), content]), boltOptions).data;
} // prettier-ignore

function javaText(text: string): object {
  return { $class: "java.lang.String", $: text };
}

/** The body of a Dubbo request: a call of a method with texts. */
export function dubboBody(
  service: string,
  version: string,
  method: string,
  ...texts: readonly string[]
): Buffer {
  const encoder = new hessian.EncoderV2();
  const descriptor = "Ljava/lang/String;".repeat(texts.length);
  const attachments = { path: service, interface: service, version, timeout: "3000" };
  for (const value of ["2.0.2", service, version, method, descriptor, ...texts]) encoder.write(value);
  encoder.write({ $class: "java.util.HashMap", $: attachments });
  return encoder.get();
} // prettier-ignore

/** A whole Dubbo frame around a body. */
export function dubboFrame(body: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.set([0xda, 0xbb, 0xc2]);
  head.writeUInt32BE(77, 8);
  head.writeUInt32BE(body.length, 12);
  return Buffer.concat([head, body]);
}

/** Reads the value in the body of a Dubbo response. @throws Error when it is none */
export function readDubboBody(body: Uint8Array): unknown {
  const decoder = new hessian.DecoderV2(Buffer.from(body));
  const type = decoder.read();
  if (type === 1 || type === 4) return decoder.read();
  throw new Error(`no value: response of type ${String(type)}`);
}
