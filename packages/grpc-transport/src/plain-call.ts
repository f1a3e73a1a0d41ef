import type { Head } from "./connection/head.ts";
import type { Http2Stream, StreamSink } from "./connection/stream.ts";
import { HeaderField } from "./hpack/field.ts";

/** An answer to a request that is not gRPC. */
export interface PlainAnswer {
  /** HTTP status. */
  status: number;
  /** Text of the body. */
  body: string;
}

/** Answers requests that are not gRPC. */
export type FallbackHandler = (head: Head) => PlainAnswer;

/** What a client without gRPC is told. */
export const speaksGrpc: FallbackHandler = (head) => ({
  status: head.method === "POST" ? 415 : 405,
  body: "This server speaks gRPC: POST with content-type application/grpc\n",
});

/** A plain HTTP/2 request: its body is ignored, the answer follows its end. */
export class PlainServerCall implements StreamSink {
  private readonly answer: PlainAnswer;

  constructor(answer: PlainAnswer) {
    this.answer = answer;
  }

  onHeaders(stream: Http2Stream, _list: unknown, endStream: boolean): void {
    if (endStream) this.reply(stream);
  }

  onData(stream: Http2Stream, _buffer: Buffer, start: number, end: number, last: boolean): void {
    stream.consume(end - start);
    if (last) this.reply(stream);
  }

  onSent(): void {}

  onReset(): void {}

  /** Sends the answer; the request is complete. */
  reply(stream: Http2Stream): void {
    const body = Buffer.from(this.answer.body, "utf8");
    const fields = [
      new HeaderField(":status", String(this.answer.status)),
      new HeaderField("content-type", "text/plain; charset=utf-8"),
      new HeaderField("content-length", String(body.length)),
    ];
    stream.sendHeaders(fields, false);
    stream.sendData(body, 0, body.length, true, true);
  }
}
