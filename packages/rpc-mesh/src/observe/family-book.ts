import type { Labels, MetricFamily, MetricKind } from "@layotto/sidecar-kit";

/** Families in the making: samples of one name go together. */
export class FamilyBook {
  private readonly byName = new Map<string, MetricFamily>();

  counter(name: string, help: string, labels: Labels, value: number): void {
    this.add(name, help, "counter", [{ suffix: "", labels, value }]);
  }

  gauge(name: string, help: string, labels: Labels, value: number): void {
    this.add(name, help, "gauge", [{ suffix: "", labels, value }]);
  }

  add(name: string, help: string, kind: MetricKind, samples: MetricFamily["samples"]): void {
    let family = this.byName.get(name);
    if (family === undefined) {
      family = { name, help, kind, samples: [] };
      this.byName.set(name, family);
    }
    family.samples.push(...samples);
  }

  families(): MetricFamily[] {
    return [...this.byName.values()];
  }
}
