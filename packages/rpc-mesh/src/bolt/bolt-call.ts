import type { Output } from "@layotto/grpc-transport/socket";
import type { CallOptions } from "../call/governed-call.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import type { Verdict } from "../call/verdict.ts";
import type { HeaderChanges } from "../model/route.ts";
import type { Protocol } from "../model/host.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import type { Exchange } from "../multiplex/exchange.ts";
import { MuxCall } from "../multiplex/mux-call.ts";
import type { Wire } from "../multiplex/wire.ts";
import type { BoltFrame } from "./bolt-frame.ts";
import type { BoltRequest } from "./bolt-request.ts";
import { boltVerdict } from "./bolt-verdict.ts";
import { bolt, boltv2 } from "./bolt-wire.ts";
import { V1, V2 } from "./constants.ts";
import { convertBolt } from "./convert-bolt.ts";
import { forwardBolt } from "./write-bolt.ts";

const noChanges: readonly HeaderChanges[] = [];

/** A bolt call, of either version to hosts of either version. */
export abstract class BoltCall extends MuxCall<BoltFrame> {
  protected readonly request: BoltRequest;
  /** The request as it was sent last, when that is not as it came. */
  private converted: BoltFrame | undefined;

  constructor(mesh: MeshRuntime, options: CallOptions, request: BoltRequest) {
    super(mesh, options);
    this.request = request;
  }

  write(exchange: Exchange<BoltFrame>, output: Output): number {
    const version = exchange.connection?.wire === boltv2 ? V2 : V1;
    return forwardBolt(output, this.requestIn(version), exchange.id);
  }

  protected get oneway(): boolean {
    return this.request.oneway;
  }

  protected wireFor(protocol: Protocol): Wire<BoltFrame> | undefined {
    if (protocol === "bolt") return bolt;
    return protocol === "boltv2" ? boltv2 : undefined;
  }

  protected get contentBytes(): number {
    return this.request.frame.contentEnd - this.request.frame.contentAt;
  }

  protected verdictOf(frame: BoltFrame): Verdict {
    return boltVerdict(frame.status);
  }

  private requestIn(version: number): BoltFrame {
    const { frame } = this.request;
    const { changes } = this;
    if (changes.length === 0 && version === frame.version) return frame;
    if (this.converted?.version !== version) this.converted = convert(frame, version, changes);
    return this.converted;
  }
}

/** Headers that cannot be changed are passed on as they are: the host knows what it makes of them. */
function convert(frame: BoltFrame, version: number, changes: readonly HeaderChanges[]): BoltFrame {
  try {
    return convertBolt(frame, version, changes, "request");
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return convertBolt(frame, version, noChanges, "request");
  }
}
