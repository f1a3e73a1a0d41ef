/** Longest line of output that is kept whole, in characters. */
const outputLine = 64 * 1024;

/**
 * Cuts a stream of text into lines.
 *
 * @param maxLine longest line that is kept whole, in characters; a longer one is cut into pieces. @default 65536
 * @returns `push` takes the next piece, `end` gives out a last line without line end
 */
export function createLineSplitter(
  onLine: (line: string) => void,
  maxLine: number = outputLine,
): {
  push(chunk: string): void;
  end(): void;
} {
  let rest = "";
  const emit = (line: string): void => {
    if (line !== "") onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  };
  return {
    push(chunk) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) emit(line);
      while (rest.length > maxLine) {
        emit(rest.slice(0, maxLine));
        rest = rest.slice(maxLine);
      }
    },
    end() {
      emit(rest);
      rest = "";
    },
  };
}
