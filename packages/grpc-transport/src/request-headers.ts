import { contentTypeField, fieldsOf } from "./grpc/fields.ts";
import { formatTimeout } from "./grpc/timeout.ts";
import { HeaderField } from "./hpack/field.ts";
import { HeaderTemplate } from "./hpack/header-template.ts";
import type { BaseClientCall } from "./client-call.ts";
import type { Headers } from "./connection/stream.ts";

const methodField = new HeaderField(":method", "POST");
const teField = new HeaderField("te", "trailers");
const acceptField = new HeaderField("grpc-accept-encoding", "identity,gzip");
const gzipField = new HeaderField("grpc-encoding", "gzip");
/** Methods whose headers are kept ready. */
const MAX_TEMPLATES = 256;

/** Makes the request headers of calls to one server. */
export class RequestHeaders {
  private readonly schemeField: HeaderField;
  private readonly authorityField: HeaderField;
  private readonly userAgentField: HeaderField;
  private readonly templates = new Map<string, HeaderTemplate>();

  constructor(scheme: "http" | "https", authority: string, userAgent: string) {
    this.schemeField = new HeaderField(":scheme", scheme);
    this.authorityField = new HeaderField(":authority", authority);
    this.userAgentField = new HeaderField("user-agent", userAgent);
  }

  /** Headers of a call; calls without metadata, deadline and compression share a template. */
  of(call: BaseClientCall): Headers {
    const { metadata, compress } = call.options;
    const template = this.template(call.path);
    if (metadata === undefined && call.deadlineMs === undefined && !compress) return template;
    const fields = [...template.fields];
    if (compress) fields.push(gzipField);
    if (call.deadlineMs !== undefined) {
      const left = formatTimeout(Math.max(1, call.deadlineMs - Date.now()));
      fields.push(new HeaderField("grpc-timeout", left));
    }
    fields.push(...fieldsOf(metadata ?? null));
    return fields;
  }

  private template(path: string): HeaderTemplate {
    const known = this.templates.get(path);
    if (known !== undefined) return known;
    const template = new HeaderTemplate([
      methodField,
      this.schemeField,
      new HeaderField(":path", path),
      this.authorityField,
      teField,
      contentTypeField,
      this.userAgentField,
      acceptField,
    ]);
    if (this.templates.size < MAX_TEMPLATES) this.templates.set(path, template);
    return template;
  }
}
