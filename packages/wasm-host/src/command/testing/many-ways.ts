/** A program in C that does what the first line of its input says. */
export const manyWays = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern char **environ;
static char block[65536];
static int is(const char *line, const char *word) { return strncmp(line, word, strlen(word)) == 0; }
static int deep(volatile int n) { volatile char pad[1024]; pad[0] = n; return deep(n + 1) + pad[0]; }
static void repeat(FILE *to, int blocks) {
  memset(block, 'x', sizeof block);
  for (int i = 0; i < blocks; i++) fwrite(block, 1, sizeof block, to);
}
int main(int argc, char **argv) {
  char line[256] = "";
  if (fgets(line, sizeof line, stdin) == NULL) line[0] = 0;
  line[strcspn(line, "\\n")] = 0;
  if (is(line, "exit")) { fprintf(stderr, "first\\nsecond\\n"); return 7; }
  if (is(line, "spin")) for (volatile int i = 0;; i++) {}
  if (is(line, "trap")) __builtin_trap();
  if (is(line, "deep")) return deep(1);
  if (is(line, "memory")) {
    int count = 0;
    for (volatile char *p; (p = malloc(1 << 20)) != NULL; count++) for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1;
    printf("%d", count);
    return 0;
  }
  if (is(line, "flood")) { repeat(stdout, 16384); return 0; }
  if (is(line, "chatter")) for (;;) fprintf(stderr, "again and again\\n");
  if (is(line, "write ")) {
    FILE *to = fopen(line + 6, "w");
    if (to == NULL) { fprintf(stderr, "%s\\n", strerror(errno)); return 1; }
    repeat(to, 65536);
    fclose(to);
    return 0;
  }
  if (is(line, "touch ")) { FILE *to = fopen(line + 6, "w"); if (to == NULL) return 1; fclose(to); return 0; }
  if (is(line, "read ")) { FILE *from = fopen(line + 5, "r"); printf(from == NULL ? "absent" : "there"); return 0; }
  if (is(line, "environment")) {
    for (int i = 0; i < argc; i++) printf("argument %s\\n", argv[i]);
    for (char **each = environ; *each; each++) puts(*each);
    return 0;
  }
  printf("did %s", line);
  return 0;
}`;
