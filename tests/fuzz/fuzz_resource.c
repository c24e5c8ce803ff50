#include "parse/resource.h"

#include "fuzz_observer.h"

static uint64_t
story(struct fuzz *fuzz, struct resource *decoder, const uint8_t *data, size_t size, uint64_t cuts)
{
    fuzz->story = 0;
    resource_begin(decoder, fuzz_observer(fuzz), (struct wall_ms){1});
    fuzz_feed(fuzz, resource_decoder(decoder), data, size, cuts);
    fuzz_u64(fuzz, resource_scrape_failed(decoder));
    return fuzz->story;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz;
    static struct resource decoder;
    if (fuzz.space == NULL) {
        struct arena arena = fuzz_arena(decode_space_footprint() + resource_footprint());
        fuzz.space = decode_space_new(&arena);
        resource_init(&decoder, &arena, fuzz.space);
        fuzz.buffer = decoder.carry;
        // The tally's bytes lie behind the carry.
        size_t behind = (size_t)(decoder.tally.bytes - decoder.carry);
        fuzz.buffer_size = behind + RESOURCE_TALLY_BYTES;
    }
    uint64_t whole = story(&fuzz, &decoder, data, size, 0);
    uint64_t cut = story(&fuzz, &decoder, data, size, fuzz_cuts(data, size));
    FUZZ_CHECK(whole == cut);
    return 0;
}
