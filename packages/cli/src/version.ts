import { readFileSync } from "node:fs";

/** Version of this command, from its package.json. */
export function version(): string {
  const file = new URL("../package.json", import.meta.url);
  const { version: own } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return own;
}
