import type { Socket } from "node:net";
import { CallerConnection } from "./caller-connection.ts";
import type { Head } from "./head.ts";
import { WholeCall } from "./whole-call.ts";
import type { WholeServer } from "./whole-server.ts";

const NO_LINES: readonly string[] = [];

/** A connection of a {@link WholeServer}. */
export class WholeConnection extends CallerConnection<WholeCall> {
  readonly server: WholeServer;
  /** Header lines of the last request: callers repeat themselves, and then they are not decoded again. */
  private lines: readonly string[] = NO_LINES;

  constructor(socket: Socket, server: WholeServer, received: Buffer | undefined) {
    super(socket, server.keeper);
    this.server = server;
    this.start(received);
  }

  protected openCall(head: Head): WholeCall | undefined {
    const { server } = this;
    const { maxBodyBytes } = server;
    if (maxBodyBytes > 0 && head.contentLength > maxBodyBytes) {
      this.answer(server.refusal(413, server.tooLargeText), false);
      return undefined;
    }
    if (!this.reader.repeats) this.lines = head.flat();
    return new WholeCall(this, head, this.lines);
  }
}
