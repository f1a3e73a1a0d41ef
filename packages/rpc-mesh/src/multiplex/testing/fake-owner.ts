import type { Output } from "@layotto/grpc-transport/socket";
import type { Reason } from "../../call/failure.ts";
import { BoltCommand, BoltType } from "../../bolt/constants.ts";
import type { BoltFrame } from "../../bolt/bolt-frame.ts";
import { encodeBolt } from "../../bolt/write-bolt.ts";
import { append } from "../append.ts";
import { Exchange, type ExchangeOwner } from "../exchange.ts";

const NOTHING = Buffer.alloc(0);

/** Returns a bolt request with this content. */
export function boltRequest(id: number, content: string, type: number = BoltType.REQUEST): Buffer {
  return encodeBolt({ version: 1, type, command: BoltCommand.REQUEST, id, codec: 1, checked: false, variable: 1000, className: "c", headers: [["service", "s"]], content: Buffer.from(content) }); // prettier-ignore
}

/** Returns the answer to a bolt request: its content, or another. */
export function boltAnswer(request: BoltFrame, content?: string, status = 0): Buffer {
  const { version, id, codec, checked, buffer, contentAt, contentEnd } = request;
  const body =
    content === undefined
      ? Buffer.from(buffer.subarray(contentAt, contentEnd))
      : Buffer.from(content);
  return encodeBolt({ version, type: BoltType.RESPONSE, command: BoltCommand.RESPONSE, id, codec, checked, variable: status, className: NOTHING, headers: NOTHING, content: body }); // prettier-ignore
}

/** Sends bolt requests and writes down what becomes of them. */
export class FakeOwner implements ExchangeOwner<BoltFrame> {
  /** `content → answer`, `content lost reason`, `content sent`, in their order. */
  readonly log: string[] = [];
  /** The last detail of a loss. */
  detail = "";
  private readonly contents = new Map<Exchange<BoltFrame>, string>();

  exchange(content: string, oneway = false): Exchange<BoltFrame> {
    const exchange = new Exchange<BoltFrame>(this, undefined, oneway);
    this.contents.set(exchange, content);
    return exchange;
  }

  write(exchange: Exchange<BoltFrame>, output: Output): number {
    const type = exchange.oneway ? BoltType.ONEWAY : BoltType.REQUEST;
    return append(output, boltRequest(exchange.id, this.contentOf(exchange), type));
  }

  sent(exchange: Exchange<BoltFrame>): void {
    this.log.push(`${this.contentOf(exchange)} sent`);
  }

  answer(exchange: Exchange<BoltFrame>, frame: BoltFrame): void {
    const content = frame.buffer.toString("utf8", frame.contentAt, frame.contentEnd);
    this.log.push(`${this.contentOf(exchange)} → ${content}`);
  }

  lost(exchange: Exchange<BoltFrame>, reason: Reason, detail: string): void {
    this.detail = detail;
    this.log.push(`${this.contentOf(exchange)} lost ${reason}`);
  }

  private contentOf(exchange: Exchange<BoltFrame>): string {
    return this.contents.get(exchange) ?? "";
  }
}
