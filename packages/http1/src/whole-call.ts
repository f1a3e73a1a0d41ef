import { countPendingCalls } from "@layotto/grpc-transport/socket";
import type { CallerCall } from "./caller-connection.ts";
import { expectsContinue } from "./expectation.ts";
import { Gatherer } from "./gatherer.ts";
import type { Head } from "./head.ts";
import { UnsafeHeadError } from "./request-head.ts";
import { appendWhole, wholeHead, type WholeHead } from "./whole-answer.ts";
import type { WholeConnection } from "./whole-connection.ts";
import type { WholeAnswer, WholeRequest } from "./whole-request.ts";
import { appendText } from "./write.ts";

const NOTHING = Buffer.alloc(0);
const NO_LINES: readonly string[] = [];
const FAILED = "the request could not be answered";

/** One request of a connection: gathers it, hands it over, writes the answer. */
export class WholeCall implements CallerCall, WholeRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly string[];
  readonly peer: string;
  readonly encrypted: boolean;
  body: Buffer = NOTHING;
  trailers: readonly string[] = NO_LINES;
  onCancel: (() => void) | undefined;
  /** The answer is written whole or not at all: it never stands still. */
  progress = false;
  readonly answering = false;
  readonly answerStallMs = Number.POSITIVE_INFINITY;
  private readonly connection: WholeConnection;
  private gathered: Gatherer | undefined;
  /** Octets of the body that count against the limit of the server. */
  private held = 0;
  private whole = false;
  private begun = false;
  /** The handler has it. */
  private handedOver = false;
  /** Answered, or there is nobody to answer to. */
  private over = false;
  private gone = false;

  constructor(connection: WholeConnection, head: Head, headers: readonly string[]) {
    this.connection = connection;
    this.method = head.method;
    this.path = head.path;
    this.authority = head.authority;
    this.headers = headers;
    this.peer = connection.peerAddress;
    this.encrypted = connection.encrypted;
  }

  begin(): void {
    this.begun = true;
    if (this.over) return;
    if (this.whole) this.handOver();
    else if (expectsContinue(this.connection.head)) {
      appendText(this.connection.output, "HTTP/1.1 100 Continue\r\n\r\n");
    }
  }

  onRequestBody(buffer: Buffer, start: number, end: number): void {
    if (this.over) return;
    const { server } = this.connection;
    this.gathered ??= gatherer(server.maxBodyBytes, this.connection.head);
    this.held += end - start;
    server.bodyBytes += end - start;
    if (!this.gathered.add(buffer, start, end)) this.refuse(413, server.tooLargeText);
    else if (server.bodyBytes > server.maxBufferedBytes) {
      this.refuse(503, "too many request bodies are being read; try again later");
    }
  }

  onRequestEnd(trailers: Head | undefined): void {
    if (this.over) return;
    this.whole = true;
    if (this.gathered !== undefined) this.body = this.gathered.takeOwned();
    this.gathered = undefined;
    if (trailers !== undefined) this.trailers = trailers.flat();
    if (this.begun) this.handOver();
  }

  respond(answer: WholeAnswer): void {
    if (this.over) {
      if (!this.gone) this.connection.onFault(new Error(`${this.method} ${this.path} was answered twice`)); // prettier-ignore
      return;
    }
    const head = checkedHead(answer);
    if (head === undefined) return this.fail("the answer holds what HTTP does not allow");
    const { connection } = this;
    this.end();
    connection.answerBegins();
    const close = connection.decideClose(false);
    const to = { callerMinor: connection.minor, close, headOnly: this.method === "HEAD" };
    appendWhole(connection.output, head, answer.body, to);
    connection.answerDone();
  }

  cancelled(): void {
    if (this.over) return;
    this.gone = true;
    this.end();
    this.gathered = undefined;
    if (!this.handedOver) return;
    const { onCancel } = this;
    this.onCancel = undefined;
    onCancel?.();
  }

  resumeCaller(): void {
    // What comes ahead waits in the stash.
  }

  onDrained(): void {
    // The answer is written at once, however slowly it is taken.
  }

  onStall(): void {
    // See `answering`.
  }

  onTunnel(): void {
    // Nothing is upgraded.
  }

  endTunnel(): void {
    // Nothing is upgraded.
  }

  private handOver(): void {
    this.handedOver = true;
    countPendingCalls(1);
    try {
      this.connection.server.handler(this);
    } catch (error) {
      this.connection.onFault(error);
      if (!this.over) this.fail(FAILED);
    }
  }

  private fail(text: string): void {
    this.refuse(500, text);
  }

  private refuse(status: number, text: string): void {
    this.end();
    this.connection.answer(this.connection.server.refusal(status, text), this.whole);
  }

  private end(): void {
    this.over = true;
    if (this.handedOver) countPendingCalls(-1);
    this.connection.server.bodyBytes -= this.held;
    this.held = 0;
  }
}

function gatherer(maxBytes: number, head: Head): Gatherer {
  const gathered = new Gatherer(maxBytes);
  gathered.begin(head.contentLength);
  return gathered;
}

/** Undefined: it cannot be sent. */
function checkedHead(answer: WholeAnswer): WholeHead | undefined {
  try {
    return wholeHead(answer);
  } catch (error) {
    if (error instanceof UnsafeHeadError) return undefined;
    throw error;
  }
}
