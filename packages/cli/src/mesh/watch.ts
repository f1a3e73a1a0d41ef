import { setTimeout as delay } from "node:timers/promises";

/** Time between two looks, in milliseconds. */
const intervalMs = 1000;
/** Moves to the upper left corner; then each line is cleared to its end, and what is below the last. */
const home = "\u001B[H";
const clearLine = "\u001B[K";
const clearBelow = "\u001B[J";

/**
 * Prints again and again until the user ends it: in place on a terminal, otherwise one after the other.
 *
 * @param look gives the text of the moment
 */
export async function watch(look: () => Promise<string>): Promise<never> {
  const isTerminal = process.stdout.isTTY === true;
  // A reader that went away (layotto mesh --watch | head) has seen enough.
  process.stdout.on("error", () => process.exit());
  if (isTerminal) process.stdout.write("\u001B[2J");
  for (;;) {
    const text = await look();
    const shown = isTerminal
      ? `${home}${text.replaceAll("\n", `${clearLine}\n`)}${clearBelow}`
      : text;
    process.stdout.write(shown);
    await delay(intervalMs);
  }
}
