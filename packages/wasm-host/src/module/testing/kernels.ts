import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const clang = "/usr/bin/clang";

/** Why {@link kernels} cannot be built here; undefined: they can. */
export const kernelsMissing = existsSync(clang) ? undefined : "clang is not installed";

/** Exports of the kernels: each takes a size and returns a number. */
export const kernelNames = ["sieve", "fib", "mix", "matmul", "sort", "text"] as const;

const source = `
typedef unsigned u32; typedef unsigned long long u64;
static unsigned char flags[1 << 20]; static u32 numbers[1 << 16]; static double a[10000], b[10000], c[10000];
__attribute__((noinline)) u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
u32 sieve(u32 n) {
  u32 count = 0; __builtin_memset(flags, 1, n);
  for (u32 i = 2; i < n; i++) if (flags[i]) { count++; for (u32 j = i + i; j < n; j += i) flags[j] = 0; }
  return count;
}
static u32 turn(u32 x, u32 by) { return x >> by | x << (32 - by); }
u32 mix(u32 rounds) {
  u32 s[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (u32 i = 0; i < rounds; i++) {
    u32 t = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + i;
    u32 v = (turn(s[0], 2) ^ turn(s[0], 13)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (int k = 7; k > 0; k--) s[k] = s[k - 1];
    s[4] += t; s[0] = t + v;
  }
  return s[0] ^ s[7];
}
u32 matmul(u32 n) {
  for (u32 i = 0; i < n * n; i++) { a[i] = i % 7; b[i] = i % 5; }
  for (u32 i = 0; i < n; i++) for (u32 j = 0; j < n; j++) {
    double sum = 0; for (u32 k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j]; c[i * n + j] = sum;
  }
  double all = 0; for (u32 i = 0; i < n * n; i++) all += c[i]; return (u32)all;
}
static int less(u32 x, u32 y) { return x < y; }
static int more(u32 x, u32 y) { return x > y; }
static int (*orders[])(u32, u32) = {less, more};
static void quick(u32 *from, u32 *to, int (*before)(u32, u32)) {
  if (to - from < 2) return;
  u32 pivot = *from, *m = from;
  for (u32 *p = from + 1; p < to; p++) if (before(*p, pivot)) { u32 t = *++m; *m = *p; *p = t; }
  *from = *m; *m = pivot; quick(from, m, before); quick(m + 1, to, before);
}
u32 sort(u32 n) {
  u32 x = 12345; for (u32 i = 0; i < n; i++) numbers[i] = x = x * 1664525 + 1013904223;
  quick(numbers, numbers + n, orders[n & 1]); return numbers[n / 3];
}
u32 text(u32 n) {
  u32 words = 0, state = 0;
  for (u32 i = 0; i < n; i++) switch ((i * 7919 >> 3) & 15) {
    case 0: case 1: state = 0; break;
    case 2: words += state; state = 1; break;
    case 3: words ^= i; break;
    case 5: if (state > 3) words--; else state++; break;
    case 9: words += 3; break;
    default: state += i & 1;
  }
  return words;
}`;

/** A module of small programs, built by clang -O2. */
export function kernels(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "kernels-"));
  try {
    const [input, output] = [join(folder, "kernels.c"), join(folder, "kernels.wasm")];
    writeFileSync(input, source);
    const features = ["-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint"];
    const link = [
      "-nostdlib",
      "-Wl,--no-entry",
      ...kernelNames.map((name) => `-Wl,--export=${name}`),
    ];
    execFileSync(clang, ["--target=wasm32", "-O2", ...features, ...link, "-o", output, input]);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
