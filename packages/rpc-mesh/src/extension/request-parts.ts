import { consistsOf, isAuthority, isTarget } from "@layotto/http1";
import { valueOf } from "../call/changed-request.ts";
import type { RequestView } from "../call/request.ts";
import type { Part } from "./listener-function.ts";

/** What every function of a listener may read beside the headers. */
export function commonProperties(request: RequestView, listener: string, part: Part): string[] {
  const { protocol, peerAddress } = request;
  return ["layotto.listener", listener, "layotto.hook", part, "layotto.protocol", protocol, "source.address", peerAddress]; // prettier-ignore
}

/** Longest path that a function may name, characters. */
const MAX_PATH = 8192;

/** Why the path or the host that a function names cannot be sent; undefined: it can. */
export function wrongTarget(headers: readonly string[]): string | undefined {
  const [path, authority] = [valueOf(headers, ":path"), valueOf(headers, ":authority")];
  if ((path?.length ?? 0) > MAX_PATH) return `its path has more than ${MAX_PATH} characters`;
  const isPath = path === undefined || path === "*" || (path.startsWith("/") && consistsOf(path, isTarget)); // prettier-ignore
  if (!isPath) return `its path ${JSON.stringify(path)} is not allowed in HTTP`;
  if (authority === "") return "it names no host";
  if (authority === undefined || consistsOf(authority, isAuthority)) return undefined;
  return `its host ${JSON.stringify(authority)} is not allowed in HTTP`;
}
