/* A small program to trace: fills a table, walks it in strides, then at random. */
#include <stdlib.h>
int main(void) {
    enum { N = 1 << 16 };
    long *table = malloc(N * sizeof *table), sum = 0;
    unsigned at = 1;
    for (int i = 0; i < N; i += 16) table[i] = i;
    for (int i = 0; i < N; i += 512) sum += table[i];
    for (int i = 0; i < 2000; i++) { at = at * 1664525u + 1013904223u; table[at >> 16] += sum; }
    free(table);
    return sum == 42;
}
