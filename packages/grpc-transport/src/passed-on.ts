import { parseStatus } from "./grpc/code-mapping.ts";
import type { HeaderField } from "./hpack/field.ts";
import { HeaderTemplate } from "./hpack/header-template.ts";

/** A header list that is passed on as it is, with what is known of it. */
export class PassedOn {
  readonly template: HeaderTemplate;
  /** `grpc-status`, -1 without one. */
  readonly code: number;

  constructor(fields: readonly HeaderField[]) {
    this.template = new HeaderTemplate(fields);
    const status = fields.find((field) => field.name === "grpc-status");
    this.code = status === undefined ? -1 : parseStatus(status.value);
  }
}
