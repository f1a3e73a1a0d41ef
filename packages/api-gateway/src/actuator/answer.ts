import type { IncomingMessage, ServerResponse } from "node:http";

/** What an endpoint answers: JSON, text, or nothing. */
export interface ActuatorAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  /** Default: `application/json`, as Layotto always says. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes an answer; a HEAD request gets no body. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: ActuatorAnswer,
): void {
  const body = answer.text ?? (answer.json === undefined ? "" : JSON.stringify(answer.json));
  response.writeHead(answer.status, {
    "content-type": answer.contentType ?? "application/json",
    "content-length": Buffer.byteLength(body),
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/**
 * Reads a request body.
 *
 * @returns `undefined` when it has more than `maxBytes`
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
