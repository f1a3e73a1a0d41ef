import type { VersionStats } from "../../model/engine.ts";
import type { GuestAnswer } from "../../model/streams.ts";

/** An answer as `curl -i` shows one: status, headers, an empty line, the body as it is. */
export function answerBytes({ status, headers, body, trailers }: GuestAnswer): Uint8Array {
  const head = [`status: ${status}`, ...headerLines(headers), "", ""].join("\n");
  const tail = trailers.length === 0 ? "" : ["", ...headerLines(trailers), ""].join("\n");
  return Buffer.concat([Buffer.from(head, "latin1"), body, Buffer.from(tail, "latin1")]);
}

/** Values are octets as latin1 characters. */
function headerLines(headers: readonly string[]): string[] {
  const lines: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!name.startsWith(":")) lines.push(`${name}: ${headers[index + 1] ?? ""}`);
  }
  return lines;
}

/** What a call took, in one line. */
export function figures(of: { loadMs: number; callMs: number; stats: VersionStats }): string {
  const { stats } = of;
  const parts = [
    `loaded in ${of.loadMs.toFixed(1)} ms`,
    `called in ${of.callMs.toFixed(2)} ms`,
    `guest ran ${Math.round(stats.runningUs)} µs`,
    `memory ${(stats.memoryBytes / 1024 ** 2).toFixed(2)} MiB`,
  ];
  if (stats.fuel > 0) parts.push(`${stats.fuel} instructions`);
  return `${parts.join(", ")}\n`;
}
