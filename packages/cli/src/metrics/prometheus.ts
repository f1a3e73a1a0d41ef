/** One line of a Prometheus exposition. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escapes: Readonly<Record<string, string>> = { n: "\n", '"': '"', "\\": "\\" };

/** Reads the text format of Prometheus; lines that are comments or unreadable are left out. */
export function parsePrometheus(text: string): Sample[] {
  return text.split("\n").flatMap((row) => {
    const match = line.exec(row);
    if (match?.[1] === undefined) return [];
    const value = match[3] === "+Inf" ? Infinity : Number(match[3]);
    return [{ name: match[1], labels: parseLabels(match[2] ?? ""), value }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(label))
    labels[name] = value.replace(/\\(.)/g, (_, c: string) => escapes[c] ?? c);
  return labels;
}
