import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { WholeRequest } from "@layotto/http1";
import { WasmError } from "../errors.ts";

/** Lets through who may give orders. */
export class Guard {
  private readonly wanted: Buffer | undefined;
  private readonly isLocal: boolean;

  /**
   * @param token undefined: whoever can connect, unless it is a browser that a web page sends here
   * @param isLocal only this machine can connect, so that no name of another one is right
   */
  constructor(token: string | undefined, isLocal: boolean) {
    this.isLocal = isLocal;
    this.wanted = token === undefined ? undefined : digest(`Bearer ${token}`);
  }

  /** @throws WasmError UNAUTHENTICATED */
  check(request: WholeRequest): void {
    if (this.wanted === undefined) return this.refusePages(request);
    const given = header(request, "authorization") ?? "";
    // Digests have one length whatever was given, so that comparing them says nothing about the token.
    if (timingSafeEqual(digest(withScheme(given)), this.wanted)) return;
    const text = "the token is missing or wrong: send authorization: Bearer TOKEN";
    throw new WasmError("UNAUTHENTICATED", 401, text);
  }

  /** A page in a browser of this machine must not give orders, nor by a name that it lets stand for this machine. */
  private refusePages(request: WholeRequest): void {
    const isPage = header(request, "origin") !== undefined;
    const isSocket = request.peer === "";
    if (!isPage && (isSocket || !this.isLocal || isOwnName(request.authority))) return;
    const text = "requests of web pages and for other hosts are refused: set wasm.admin.token";
    throw new WasmError("UNAUTHENTICATED", 403, text);
  }
}

function isOwnName(authority: string): boolean {
  const host = authority.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");
  return host === "" || host === "localhost" || isIP(host) !== 0;
}

/** The scheme's name may be in any case (RFC 9110 §11.1). */
function withScheme(value: string): string {
  return value.replace(/^bearer +/i, "Bearer ");
}

function header({ headers }: WholeRequest, name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
