import { proxy_log } from "./env";

/** Called by the compiler for `throw` and failed assertions: logs the reason, then traps. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message !== null ? message : "aborted";
  const place = file !== null ? `${file}:${line.toString()}:${column.toString()}` : "";
  const text = String.UTF8.encode(`${reason} (${place})`);
  proxy_log(5, changetype<usize>(text), text.byteLength);
  unreachable();
}
