// Loaded into every process by `bench/profile.mjs`: SIGUSR2 starts the profiler, the second one writes what it found.
"use strict";
const { writeFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const { join } = require("node:path");

const INTERVAL_US = 200;
const file = join(process.env.LAYOTTO_PROFILE_DIR, `${process.pid}.json`);
const session = new Session();
session.connect();
let running = false;

process.on("SIGUSR2", () => {
  if (running) {
    session.post("Profiler.stop", (_error, { profile }) =>
      writeFileSync(file, JSON.stringify(profile)),
    );
  } else {
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    session.post("Profiler.start");
  }
  running = !running;
});
