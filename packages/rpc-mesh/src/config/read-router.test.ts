import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { routeOf } from "../testing/mesh-config.ts";
import { defaultRetry } from "./defaults.ts";

describe("readMesh: routes", () => {
  it("reads matches", () => {
    const { match } = routeOf({
      match: {
        prefix: "/a",
        methods: "get",
        headers: [
          { name: "Service", value: ".*" },
          { name: "X-V", value: "^v\\d", regex: true },
          { name: "r", range: { start: 1, end: 5 }, invert: true },
        ],
        query_parameters: [{ name: "Q", present: false }],
        percent: 50,
      },
    });
    const base = { invert: undefined, ignoreCase: undefined };
    assert.deepEqual(match, {
      path: undefined,
      prefix: "/a",
      ignoreCase: undefined,
      pathRegex: undefined,
      pathSeparatedPrefix: undefined,
      methods: ["GET"],
      headers: [
        { ...base, name: "service", present: true },
        { ...base, name: "x-v", regex: /^v\d/ },
        { ...base, name: "r", range: [1, 5], invert: true },
      ],
      query: [{ ...base, name: "Q", present: false }],
      percent: 50,
    });
    assert.equal(routeOf({ match: { path: "/a" } }).match.ignoreCase, true);
    assert.equal(
      routeOf({ match: { path: "/a", case_sensitive: true } }).match.ignoreCase,
      undefined,
    );
    assert.equal(routeOf({ match: { regex: ".*" } }).match.pathRegex, undefined);
  });

  it("reads actions in MOSN's order of precedence", () => {
    const direct = routeOf({ direct_response: { status: 404, body: "no" }, redirect: { path_redirect: "/x" } }); // prettier-ignore
    assert.deepEqual(direct.action, { type: "direct", status: 404, body: "no" });
    const redirect = routeOf({ redirect: { response_code: 308, host_redirect: "h" } }).action;
    assert.equal(redirect.type === "redirect" && redirect.status, 308);
    const both = routeOf({ route: { cluster_name: "c", weighted_clusters: [{ cluster: { name: "c", weight: 1 } }] } }).action; // prettier-ignore
    assert.equal(both.type === "forward" && both.weighted, undefined);
  });

  it("reads forwarding", () => {
    const { action, headers } = routeOf({
      route: {
        weighted_clusters: [{ cluster: { name: "c", weight: 9, metadata_match: { filter_metadata: { "mosn.lb": { v: "1" } } } } }, { name: "c", weight: 1 }],
        timeout: "2s",
        retry_policy: { retry_on: true, num_retries: 2, retry_timeout: "500ms", status_codes: [502] },
        hedge_policy: { delay: 20 },
        prefix_rewrite: "/",
        regex_rewrite: { pattern: { regex: "^/a(.*)" }, substitution: "\\1" },
        request_headers_to_add: [{ header: { key: "X-A", value: "1" } }, { header: { key: "X-B", value: "2" }, append: false }],
        response_headers_to_remove: ["Server"],
      },
      request_mirror_policies: { cluster: "c", percent: 10 },
      request_headers_to_add: { "X-C": "3" },
    }); // prettier-ignore
    assert.ok(action.type === "forward");
    assert.deepEqual(action.weighted?.map(({ name, weight, metadataMatch }) => [name, weight, metadataMatch]), [["c", 9, { v: "1" }], ["c", 1, undefined]]); // prettier-ignore
    assert.deepEqual([action.timeoutMs, action.perTryTimeoutMs], [2000, 500]);
    assert.deepEqual(action.retry, { ...defaultRetry, on: ["connect-failure", "refused-stream", "reset", "timeout"], statusCodes: [502], retries: 2 }); // prettier-ignore
    assert.deepEqual(action.hedge, { maxAttempts: 2, delayMs: 20 });
    assert.deepEqual(action.regexRewrite, { pattern: /^\/a(.*)/g, substitution: "$1" });
    assert.deepEqual(action.mirrors, [{ cluster: "c", percent: 10, amplification: 1 }]);
    assert.deepEqual(headers, {
      requestAdd: [["x-a", "1"], ["x-b", "2"], ["x-c", "3"]],
      requestRemove: ["x-b", "x-c"],
      responseAdd: [],
      responseRemove: ["server"],
    }); // prettier-ignore
  });

  it("takes fewer retries than three at their word, unlike MOSN, and none when there are to be none", () => {
    const retries = (policy: object) => {
      const { action } = routeOf({ route: { cluster_name: "c", retry_policy: policy } });
      return action.type === "forward" ? action.retry : undefined;
    };
    assert.equal(retries({ num_retries: 0 }), undefined);
    assert.equal(retries({ num_retries: 2 })?.retries, 2);
    assert.deepEqual(retries({ retry_on: false })?.on, ["connect-failure", "refused-stream"]);
    assert.deepEqual(retries({ retry_on: "5xx, reset" })?.on, ["5xx", "reset"]);
    assert.deepEqual(retries({ retry_on: true })?.on[0], "5xx");
    assert.deepEqual(retries({ back_off: { base: "100ms" } })?.maxBackoffMs, 1000);
  });

  it("switches the time of an attempt off when it is not below that of all", () => {
    const { action } = routeOf({ route: { cluster_name: "c", timeout: "1s", retry_policy: { per_try_timeout: "1s" } } }); // prettier-ignore
    assert.equal(action.type === "forward" && action.perTryTimeoutMs, 0);
  });
});
