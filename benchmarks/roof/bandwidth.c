/* Reads (ORs) and copies one row again and again; prints the best of each, in 1e9 bytes a
   second, what is copied counted twice. Usage: bandwidth BYTES */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

typedef int v16 __attribute__((vector_size(64)));
static v16 sink;

static double reading(const v16 *row, size_t count, int repeats) {
  v16 m[8] = {{0}};
  double start = now();
  for (int r = 0; r < repeats; r++) {
    for (size_t i = 0; i + 8 <= count; i += 8)
      for (int k = 0; k < 8; k++) m[k] |= row[i + k];
    __asm__ volatile("" ::"r"(row) : "memory");
  }
  double took = now() - start;
  for (int k = 0; k < 8; k++) sink |= m[k];
  return took / repeats;
}

static double copying(char *row, size_t half, int repeats) {
  double start = now();
  for (int r = 0; r < repeats; r++) {
    memcpy(row + half, row, half);
    __asm__ volatile("" ::"r"(row) : "memory");
  }
  return (now() - start) / repeats;
}

int main(int argc, char **argv) {
  size_t bytes = argc > 1 ? strtoull(argv[1], 0, 10) / 1024 * 1024 : 0;
  if (bytes < 1024) return 2;
  char *row = aligned_alloc(64, bytes);
  memset(row, 1, bytes);
  int repeats = (int)((8 << 20) / bytes) + 1;
  double read = 1e9, copied = 1e9;
  for (int turn = 0; turn < 25; turn++) {
    double a = reading((v16 *)row, bytes / 64, repeats), b = copying(row, bytes / 2, repeats);
    if (a < read) read = a;
    if (b < copied) copied = b;
  }
  printf("%.3f %.3f\n", bytes / read / 1e9, bytes / copied / 1e9);
  return sink[0] == -1;
}
