#!/usr/bin/env node
// Links between the pages resolve, and every page can be reached from README.md.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { root, shown, walk } from "./lib/repo.mjs";

const faults = [];
const pages = [...walk(root)].filter((file) => file.endsWith(".md"));

/** Text without code, in which brackets are no links. */
function prose(file) {
  return readFileSync(file, "utf8")
    .replace(/^```[^]*?^```/gmu, (code) => code.replace(/[^\n]/gu, " "))
    .replace(/`[^`\n]*`/gu, (code) => " ".repeat(code.length));
}

/** The anchor that a heading gets on the usual forges. */
function anchor(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/gu, "-");
}

const anchorsOf = new Map();
function hasAnchor(file, name) {
  let anchors = anchorsOf.get(file);
  if (anchors === undefined) {
    const text = readFileSync(file, "utf8");
    anchors = new Set([...text.matchAll(/^#+ (.*)$/gmu)].map((match) => anchor(match[1])));
    anchorsOf.set(file, anchors);
  }
  return anchors.has(name);
}

const linked = new Map();
for (const page of pages) {
  const text = prose(page);
  const targets = new Set();
  for (const match of text.matchAll(/\]\(([^)\s]+)\)/gu)) {
    const line = text.slice(0, match.index).split("\n").length;
    const [path, name] = match[1].split("#");
    if (/^[a-z]+:/u.test(match[1])) continue;
    const target = path === "" ? page : resolve(dirname(page), decodeURI(path));
    if (!existsSync(target)) faults.push(`${shown(page)}:${line}: "${match[1]}" does not exist`);
    else if (name !== undefined && target.endsWith(".md") && !hasAnchor(target, name))
      faults.push(`${shown(page)}:${line}: "${match[1]}" has no such heading`);
    else targets.add(statSync(target).isDirectory() ? join(target, "README.md") : target);
  }
  linked.set(page, targets);
}

const reached = new Set();
const open = [join(root, "README.md")];
for (let page = open.pop(); page !== undefined; page = open.pop()) {
  if (reached.has(page)) continue;
  reached.add(page);
  open.push(...(linked.get(page) ?? []));
}
for (const page of pages)
  if (!reached.has(page)) faults.push(`${shown(page)}: no page leads here from README.md`);

for (const fault of faults) console.error(fault);
console.log(`${pages.length} pages, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
