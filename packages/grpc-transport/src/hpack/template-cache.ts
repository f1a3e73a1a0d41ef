import { copyOctets } from "./octets.ts";
import type { HeaderTemplate } from "./header-template.ts";

const slotCount = 64;
const maxOctets = 512;

class EncodedTemplate {
  readonly template: HeaderTemplate;
  readonly generation: number;
  readonly octets: Uint8Array;

  constructor(template: HeaderTemplate, generation: number, octets: Uint8Array) {
    this.template = template;
    this.generation = generation;
    this.octets = octets;
  }
}

/** An encoder's octets of templates, direct-mapped, each for one generation of its table. */
export class TemplateCache {
  private readonly slots: (EncodedTemplate | null)[] = new Array<EncodedTemplate | null>(
    slotCount,
  ).fill(null);

  /** The template's octets, or null when they are unknown or stale. */
  find(template: HeaderTemplate, generation: number): Uint8Array | null {
    const slot = this.slots[template.id & (slotCount - 1)];
    if (slot == null || slot.template !== template || slot.generation !== generation) return null;
    return slot.octets;
  }

  /** Keeps `source[start, end)` as the template's octets; long ones are not kept. */
  keep(
    template: HeaderTemplate,
    generation: number,
    source: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (end - start > maxOctets) return;
    const octets = new Uint8Array(end - start);
    copyOctets(source, start, octets, 0, end - start);
    this.slots[template.id & (slotCount - 1)] = new EncodedTemplate(template, generation, octets);
  }
}
