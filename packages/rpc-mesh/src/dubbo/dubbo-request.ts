import type { RequestView } from "../call/request.ts";
import { HessianError } from "../hessian/hessian-error.ts";
import { HessianReader } from "../hessian/hessian-reader.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { HESSIAN2 } from "./constants.ts";
import { countParameters } from "./descriptor.ts";
import type { DubboFrame } from "./dubbo-frame.ts";

/** Bodies up to this size are read to their end for the caller's timeout. */
const EAGER_BYTES = 16_384;

const none: ReadonlyMap<string, string> = new Map();

/**
 * A Dubbo request as routing sees it. Only Hessian bodies can be looked into; of others, and of what is malformed, nothing
 * is known, and the request is passed on all the same. Attachments stand behind the arguments: those are passed over when
 * the first attachment is asked for.
 */
export class DubboRequest implements RequestView {
  readonly protocol = "dubbo";
  readonly authority = "";
  readonly method = "";
  readonly peerAddress: string;
  /** The request, in memory of its own. */
  readonly frame: DubboFrame;
  private dubbo: string | undefined;
  private service: string | undefined;
  private version: string | undefined;
  private called: string | undefined;
  private attachments: ReadonlyMap<string, string> | undefined;
  private reader: HessianReader | undefined;
  private parameters = -1;

  constructor(frame: DubboFrame, peerAddress: string) {
    this.frame = frame;
    this.peerAddress = peerAddress;
    if (frame.serialization === HESSIAN2) this.readNames();
  }

  get oneway(): boolean {
    return this.frame.kind === FrameKind.ONEWAY;
  }

  /** `/service/method`, as far as known. */
  get path(): string {
    return this.called === undefined
      ? `/${this.service ?? ""}`
      : `/${this.service ?? ""}/${this.called}`;
  }

  /** The caller's own timeout, ms; undefined: none, or the request is too large to look for it. */
  get timeoutMs(): number | undefined {
    if (this.frame.end - this.frame.start > EAGER_BYTES) return undefined;
    const ms = Number(this.attached("timeout"));
    return Number.isFinite(ms) && ms > 0 ? ms : undefined;
  }

  header(name: string): string | undefined {
    switch (name) {
      case "dubbo":
        return this.dubbo;
      case "service":
        return this.service;
      case "version":
        return this.version;
      case "method":
        return this.called;
      default:
        return this.attached(name);
    }
  }

  flat(): readonly string[] {
    const { dubbo, service, version, called } = this;
    const own = { dubbo, service, version, method: called };
    const lines = Object.entries(own).flatMap(([name, value]) => value === undefined ? [] : [name, value]); // prettier-ignore
    this.attachments ??= this.readAttachments();
    return lines.concat(...[...this.attachments].map(([name, value]) => [name.toLowerCase(), value])); // prettier-ignore
  }

  private readNames(): void {
    const { buffer, bodyAt, end } = this.frame;
    const reader = new HessianReader(buffer, bodyAt, end);
    try {
      this.dubbo = reader.textOrNull() ?? undefined;
      this.service = reader.textOrNull() ?? undefined;
      this.version = reader.textOrNull() ?? undefined;
      this.called = reader.textOrNull() ?? undefined;
      this.parameters = countParameters(reader.textOrNull() ?? "");
      this.reader = reader;
    } catch (error) {
      if (!(error instanceof HessianError)) throw error;
    }
  }

  private attached(name: string): string | undefined {
    this.attachments ??= this.readAttachments();
    return this.attachments.get(name);
  }

  private readAttachments(): ReadonlyMap<string, string> {
    const { reader } = this;
    if (reader === undefined || this.parameters < 0) return none;
    this.reader = undefined;
    try {
      for (let i = 0; i < this.parameters; i += 1) reader.skip();
      return reader.textMap();
    } catch (error) {
      if (error instanceof HessianError) return none;
      throw error;
    }
  }
}
