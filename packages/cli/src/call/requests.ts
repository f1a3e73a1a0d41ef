import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/**
 * Requests as JSON texts: the operand; from stdin when it is `-`, or when the method takes many and there is none.
 *
 * @param streams the method takes many: each line is one; otherwise all of the text is one
 */
export async function* readRequests(
  operand: string | undefined,
  stdin: Readable,
  streams: boolean,
): AsyncGenerator<string> {
  if (operand !== undefined && operand !== "-") {
    yield* streams ? operand.split("\n").filter(isText) : [operand];
  } else if (streams) {
    for await (const line of createInterface({ input: stdin })) if (isText(line)) yield line;
  } else if (operand === "-") {
    const text = await readAll(stdin);
    if (isText(text)) yield text;
  }
}

async function readAll(stream: Readable): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function isText(line: string): boolean {
  return line.trim() !== "";
}
