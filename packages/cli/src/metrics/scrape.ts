import { get } from "node:http";
import { parsePrometheus, type Sample } from "./prometheus.ts";

/** How long the actuator may take, in milliseconds. */
const timeoutMs = 1_000;

/** Most that is read of an answer, in characters. */
const maxBody = 16 * 1024 * 1024;

/** Reads the metrics of the gateway; undefined when the actuator cannot be reached or refuses. */
export function scrape(address: string): Promise<Sample[] | undefined> {
  return new Promise((resolve) => {
    const url = `http://${address.replace(/^(0\.0\.0\.0|\[::\]):/, "127.0.0.1:")}/actuator/metrics`;
    const request = get(url, { timeout: timeoutMs, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > maxBody) request.destroy();
      });
      response.on("end", () => {
        resolve(response.statusCode === 200 ? parsePrometheus(body) : undefined);
      });
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}
