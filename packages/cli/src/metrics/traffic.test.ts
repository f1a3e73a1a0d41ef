import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePrometheus } from "./prometheus.ts";
import { trafficByProcess } from "./traffic.ts";

const text = `# HELP layotto_grpc_requests_total calls
# TYPE layotto_grpc_requests_total counter
layotto_requests_total{process="state",method="/r.R/Get",code="OK"} 98
layotto_requests_total{process="state",method="/r.R/Get",code="UNAVAILABLE"} 2 1700000000000
layotto_requests_total{process="hello",method="/r.R/Hi",code="OK"} 1
layotto_request_duration_seconds_bucket{process="state",method="/r.R/Get",le="0.001"} 90
layotto_request_duration_seconds_bucket{process="state",method="/r.R/Get",le="0.002"} 100
layotto_request_duration_seconds_bucket{process="state",method="/r.R/Get",le="+Inf"} 100
layotto_request_duration_seconds_bucket{process="hello",method="/r.R/Hi",le="0.001"} 0
layotto_request_duration_seconds_bucket{process="hello",method="/r.R/Hi",le="+Inf"} 1
layotto_requests_total{process="state",method="/sidecar.v1.Sidecar/Metrics",code="OK"} 7
layotto_grpc_requests_total{process="gateway",method="/r.R/Get",code="OK"} 101
nonsense here
process_info{text="a\\"b\\\\c,d\\n"} 1
`;

describe("trafficByProcess()", () => {
  it("sums calls and errors and reads the 99th percentile within its bucket", () => {
    const byProcess = trafficByProcess(parsePrometheus(text));
    assert.deepEqual(byProcess.get("state"), { calls: 100, errors: 2, p99Ms: 1.9 });
  });

  it("has no percentile without a histogram", () => {
    const gateway = trafficByProcess(parsePrometheus(text)).get("gateway");
    assert.deepEqual(gateway, { calls: 101, errors: 0, p99Ms: null });
  });

  it("names the lower bound of the open bucket", () => {
    assert.equal(trafficByProcess(parsePrometheus(text)).get("hello")?.p99Ms, 1);
  });
});

describe("parsePrometheus()", () => {
  it("unescapes label values", () => {
    assert.equal(parsePrometheus(text).at(-1)?.labels["text"], 'a"b\\c,d\n');
  });
});
