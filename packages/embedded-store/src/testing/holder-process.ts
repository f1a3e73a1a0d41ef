// A process that has a directory open until it is killed, for tests: node holder-process.ts <directory>
import { writeSync } from "node:fs";
import { Environment } from "../environment.ts";

const [directory = ""] = process.argv.slice(2);
const environment = Environment.open({ directory, installation: "test" });
// At once: the line has left the process whatever happens next.
writeSync(1, `${environment.holderId}\n`);
setInterval(() => undefined, 1000);
