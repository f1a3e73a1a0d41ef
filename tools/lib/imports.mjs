// The module names that a source file imports.
import { readFileSync } from "node:fs";

const patterns = [
  // import … from "x" and export … from "x", over several lines too
  /^[ \t]*(?:import|export)\b[^;"'`]*?\bfrom\s+"([^"]+)"/gmu,
  // import "x"
  /^[ \t]*import\s+"([^"]+)"/gmu,
  // import("x"), in code and in types
  /(?<![#.\w])import\(\s*"([^"]+)"/gu,
];

/** @returns {{ name: string, line: number }[]} every import of a file, in no particular order */
export function importsOf(file) {
  const text = readFileSync(file, "utf8")
    // Comments are blanked, line breaks kept, so that examples in them do not count.
    .replace(/\/\*[^]*?\*\//gu, (comment) => comment.replace(/[^\n]/gu, " "))
    .replace(/^\s*\/\/.*$/gmu, "");
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      name: match[1],
      line: text.slice(0, match.index + match[0].length).split("\n").length,
    })),
  );
}
