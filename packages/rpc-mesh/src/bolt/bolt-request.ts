import type { RequestView } from "../call/request.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import { FrameKind } from "../multiplex/wire.ts";
import type { BoltFrame } from "./bolt-frame.ts";
import { findHeader, readHeaders } from "./bolt-headers.ts";
import { V1 } from "./constants.ts";

/** A bolt request as routing sees it. It looks into the frame only when it is asked. */
export class BoltRequest implements RequestView {
  readonly authority = "";
  readonly method = "";
  readonly peerAddress: string;
  /** The request, in memory of its own. */
  readonly frame: BoltFrame;
  private route: string | undefined;

  constructor(frame: BoltFrame, peerAddress: string) {
    this.frame = frame;
    this.peerAddress = peerAddress;
  }

  get protocol(): "bolt" | "boltv2" {
    return this.frame.version === V1 ? "bolt" : "boltv2";
  }

  get oneway(): boolean {
    return this.frame.kind === FrameKind.ONEWAY;
  }

  /** `/service/method`; SOFARPC names the method in the headers only with protobuf. */
  get path(): string {
    return (this.route ??= this.readPath());
  }

  /** A header block that cannot be read has no headers: the host may still make sense of it. */
  header(name: string): string | undefined {
    const { buffer, headersAt, contentAt } = this.frame;
    if (headersAt === contentAt) return undefined;
    try {
      return findHeader(buffer, headersAt, contentAt, name);
    } catch (error) {
      if (error instanceof CodecError) return undefined;
      throw error;
    }
  }

  flat(): readonly string[] {
    const { buffer, headersAt, contentAt } = this.frame;
    try {
      const headers = readHeaders(buffer, headersAt, contentAt);
      return headers.flatMap(([name, value]) =>
        value === null ? [] : [name.toLowerCase(), value],
      );
    } catch (error) {
      if (error instanceof CodecError) return [];
      throw error;
    }
  }

  private readPath(): string {
    const service = this.header("service") ?? this.header("sofa_head_target_service") ?? "";
    const method = this.header("sofa_head_method_name");
    return method === undefined ? `/${service}` : `/${service}/${method}`;
  }
}
