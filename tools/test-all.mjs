#!/usr/bin/env node
// npm test: installs and builds what is missing, then runs the tests. Arguments are those of tools/test.mjs.
import "./lib/node-version.mjs";

const { bootstrap } = await import("./bootstrap.mjs");
await bootstrap();
const { main } = await import("./test.mjs");
await main(process.argv.slice(2));
