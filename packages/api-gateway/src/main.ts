#!/usr/bin/env node
import { runGateway } from "./run.ts";

await runGateway();
