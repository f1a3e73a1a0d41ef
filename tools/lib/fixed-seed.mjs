// Loaded before each test file: property tests draw the same values in every run, so that a failure is one of the change
// and not of the draw. LAYOTTO_SEED=random draws anew, LAYOTTO_SEED=<number> repeats a draw that failed.
import { readFileSync } from "node:fs";

const wanted = process.env.LAYOTTO_SEED ?? "20261122";
const file = process.argv[1];

if (wanted !== "random" && file !== undefined && usesFastCheck(file)) {
  const { default: fastCheck } = await import("fast-check");
  fastCheck.configureGlobal({ seed: Number(wanted) });
}

/** Only such files pay for loading it. */
function usesFastCheck(path) {
  try {
    return readFileSync(path, "utf8").includes('"fast-check"');
  } catch {
    return false;
  }
}
