import type { Labels, MetricFamily } from "./family.ts";

/** Content type of {@link renderPrometheus}. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/** Families of one process, and the labels that tell it from others, e.g. `{ sidecar: "state" }`. */
export interface LabelledFamilies {
  labels: Labels;
  families: readonly MetricFamily[];
}

/**
 * Renders families in Prometheus' text form. Families of the same name from several processes are written together, as
 * the form demands.
 */
export function renderPrometheus(groups: readonly LabelledFamilies[]): string {
  const byName = new Map<string, { family: MetricFamily; lines: string[] }>();
  for (const { labels, families } of groups) {
    for (const family of families) {
      const entry = byName.get(family.name) ?? { family, lines: [] };
      byName.set(family.name, entry);
      for (const sample of family.samples) {
        const text = labelText({ ...labels, ...sample.labels });
        entry.lines.push(`${family.name}${sample.suffix}${text} ${numberText(sample.value)}\n`);
      }
    }
  }
  let out = "";
  for (const { family, lines } of byName.values()) {
    out += `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.kind}\n`;
    out += lines.join("");
  }
  return out;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
