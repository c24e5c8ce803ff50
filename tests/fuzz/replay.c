// Runs a fuzz target over the files that are given, for builds without an
// engine.
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define INPUT_BYTES_MAX (1 << 20)

int
main(int count, char **files)
{
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(files[i], "rb");
        uint8_t *bytes = malloc(INPUT_BYTES_MAX);
        if (file == NULL || bytes == NULL) {
            fprintf(stderr, "FAIL %s cannot be read\n", files[i]);
            return 1;
        }
        size_t size = fread(bytes, 1, INPUT_BYTES_MAX, file);
        fclose(file);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
    }
    printf("PASS replayed %d inputs\n", count - 1);
    return 0;
}
