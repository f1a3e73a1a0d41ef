import { requestBody, responseBody } from "./body";
import { formValue } from "./form";
import { requestHeaders } from "./headers";
import { toBytes, toText } from "./memory";
import { Pair } from "./pairs";
import { sendResponse } from "./stream";

/** What a function is called with. */
export class Request {
  private octets: ArrayBuffer | null = null;

  /** E.g. "GET". */
  get method(): string {
    const value = requestHeaders.get(":method");
    return value !== null ? value : "";
  }

  /** With the query. */
  get path(): string {
    const value = requestHeaders.get(":path");
    return value !== null ? value : "";
  }

  /** What follows "?" in the path. */
  get query(): string {
    const path = this.path;
    const mark = path.indexOf("?");
    return mark < 0 ? "" : path.substring(mark + 1);
  }

  /** null: there is no such header. */
  header(name: string): string | null {
    return requestHeaders.get(name);
  }

  /** The body; a call without one has its query as the body. */
  bytes(): ArrayBuffer {
    const known = this.octets;
    if (known !== null) return known;
    const octets = requestBody.bytes();
    this.octets = octets;
    return octets;
  }

  text(): string {
    return toText(this.bytes());
  }

  /** A value of the form in the body, else in the query; null: neither has it. */
  param(name: string): string | null {
    const value = formValue(this.text(), name);
    return value !== null ? value : formValue(this.query, name);
  }
}

/** What a function answers. */
export class Response {
  private headers: Pair[] = [];

  constructor(
    public status: u32,
    public body: ArrayBuffer,
  ) {}

  /** 200 with a text. */
  static text(text: string): Response {
    return new Response(200, toBytes(text));
  }

  /** 200 with JSON that is written already. */
  static json(json: string): Response {
    return Response.text(json).header("content-type", "application/json");
  }

  /** Another status, with a text. */
  static error(status: u32, text: string): Response {
    return new Response(status, toBytes(text));
  }

  /** Adds a header. @returns itself */
  header(name: string, value: string): Response {
    this.headers.push(new Pair(name, value));
    return this;
  }

  /** Hands it to the host. A plain 200 is only its body, which every host of functions understands. */
  send(): void {
    if (this.status === 200 && this.headers.length === 0) responseBody.set(this.body);
    else sendResponse(this.status, this.body, this.headers);
  }
}
