import { createHash } from "node:crypto";
import type { Incoming } from "./packet.ts";

/**
 * The last messages that were acknowledged. When a connection breaks, acknowledgements that were under way are lost and
 * the broker sends their messages again, with the same packet identifiers; these need not be handed out again. The broker
 * never has more messages without acknowledgement than the window, so as many are remembered.
 */
export class Done {
  /** Packet identifier → message, oldest first. */
  readonly #messages = new Map<number, string>();

  add(message: Incoming, window: number): void {
    const { packetId } = message;
    this.#messages.delete(packetId);
    this.#messages.set(packetId, nameOf(message));
    for (const oldest of this.#messages.keys()) {
      if (this.#messages.size <= window) return;
      this.#messages.delete(oldest);
    }
  }

  has(message: Incoming): boolean {
    if (!message.isDuplicate) return false;
    const name = this.#messages.get(message.packetId);
    return name !== undefined && name === nameOf(message);
  }

  clear(): void {
    this.#messages.clear();
  }
}

function nameOf({ id, data }: Incoming): string {
  return id === "" ? createHash("sha256").update(data).digest("base64") : id;
}
