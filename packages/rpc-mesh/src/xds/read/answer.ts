import {
  type DirectResponseAction,
  type RedirectAction as EnvoyRedirect,
  RedirectAction_RedirectResponseCode as Code,
} from "@layotto/proto/envoy/config/route/v3/route";
import { readFileSync } from "node:fs";
import type { DirectAction, RedirectAction } from "../../model/route.ts";
import { ResourceFault, Unsupported } from "../resource.ts";
import { sourceOf } from "./values.ts";

const statuses = new Map<number, number>([
  [Code.MOVED_PERMANENTLY, 301],
  [Code.FOUND, 302],
  [Code.SEE_OTHER, 303],
  [Code.TEMPORARY_REDIRECT, 307],
  [Code.PERMANENT_REDIRECT, 308],
]);

/** Reads a redirect. @throws Unsupported for what cannot be expressed here */
export function readRedirect(redirect: EnvoyRedirect): RedirectAction {
  const { schemeRewriteSpecifier: scheme, pathRewriteSpecifier: path } = redirect;
  const { hostRedirect: host, portRedirect: port } = redirect;
  if (path.case === "regexRewrite") throw new Unsupported("redirect with regex_rewrite");
  if (port !== 0 && host === "") throw new Unsupported("redirect of the port alone");
  const https = scheme.case === "httpsRedirect" && scheme.value ? "https" : undefined;
  return {
    type: "redirect",
    status: statuses.get(redirect.responseCode) ?? 301,
    scheme: scheme.case === "schemeRedirect" ? scheme.value : https,
    host: host === "" ? undefined : `${host}${port === 0 ? "" : `:${port}`}`,
    path: path.case === "pathRedirect" ? path.value : undefined,
    prefixRewrite: path.case === "prefixRewrite" ? path.value : undefined,
    stripQuery: redirect.stripQuery ? true : undefined,
  };
}

/** Reads an answer by configuration. @throws ResourceFault */
export function readDirect({ status, body }: DirectResponseAction): DirectAction {
  if (status < 200 || status > 599) {
    throw new ResourceFault(`status of a direct_response must be 200 to 599: it is ${status}`);
  }
  const source = sourceOf(body) ?? "";
  return { type: "direct", status, body: isFile(body) ? textOf(source) : source };
}

function isFile(body: DirectResponseAction["body"]): boolean {
  return body?.specifier.case === "filename";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ResourceFault(`"${path}" must be a readable file`, { cause: error });
  }
}
