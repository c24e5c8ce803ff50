#include "parse/summary.h"

#include "fuzz_observer.h"

static uint64_t
story(struct fuzz *fuzz, struct summary *decoder, const uint8_t *data, size_t size, uint64_t cuts)
{
    fuzz->story = 0;
    summary_begin(decoder, fuzz_observer(fuzz));
    fuzz_feed(fuzz, summary_decoder(decoder), data, size, cuts);
    return fuzz->story;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz;
    static struct summary decoder;
    if (fuzz.space == NULL) {
        struct arena arena = fuzz_arena(decode_space_footprint() + summary_footprint());
        fuzz.space = decode_space_new(&arena);
        summary_init(&decoder, &arena, fuzz.space);
        fuzz.buffer = decoder.splitter.buffer;
        fuzz.buffer_size = ELEMENT_BYTES_MAX;
    }
    uint64_t whole = story(&fuzz, &decoder, data, size, 0);
    uint64_t cut = story(&fuzz, &decoder, data, size, fuzz_cuts(data, size));
    FUZZ_CHECK(whole == cut);
    return 0;
}
