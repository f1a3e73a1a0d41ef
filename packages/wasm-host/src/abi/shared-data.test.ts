import { out, out2, out3 } from "../guest/testing/probe.ts";
import { describeAsking } from "../host/testing/asking-cases.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));

describeAsking("shared data", [
  {
    name: "proxy_get_shared_data",
    args: ["key", out, out2, out3],
    asks: { op: "get_shared_data", args: ["key"] },
    answer: { value: octets("value"), extra: 7 },
    shows: "value",
  },
  {
    name: "proxy_get_shared_data",
    args: ["key", out, out2, out3],
    asks: { op: "get_shared_data", args: ["key"] },
    answer: { extra: 7 },
    shows: out3,
  },
  {
    name: "proxy_set_shared_data",
    args: ["key", "value", 7],
    asks: { op: "set_shared_data", args: ["key", octets("value"), 7] },
  },
]);
