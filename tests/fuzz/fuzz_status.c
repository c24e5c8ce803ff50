#include "parse/status.h"

#include "fuzz.h"

static void
take(void *context, const struct status_seen *status)
{
    struct fuzz *fuzz = context;
    fuzz_text(fuzz, status->reason);
    fuzz_text(fuzz, status->message);
    fuzz_text(fuzz, status->continue_token);
    fuzz_u64(fuzz, (uint64_t)status->code ^ status->retry_after_s);
}

static uint64_t
story(struct fuzz *fuzz, struct status *decoder, const uint8_t *data, size_t size, uint64_t cuts)
{
    fuzz->story = 0;
    status_begin(decoder, take, fuzz);
    fuzz_feed(fuzz, status_decoder(decoder), data, size, cuts);
    return fuzz->story;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz;
    static struct status decoder;
    if (fuzz.space == NULL) {
        struct arena arena = fuzz_arena(decode_space_footprint() + status_footprint());
        fuzz.space = decode_space_new(&arena);
        status_init(&decoder, &arena, fuzz.space);
        fuzz.buffer = decoder.splitter.buffer;
        fuzz.buffer_size = decoder.splitter.size;
    }
    uint64_t whole = story(&fuzz, &decoder, data, size, 0);
    uint64_t cut = story(&fuzz, &decoder, data, size, fuzz_cuts(data, size));
    FUZZ_CHECK(whole == cut);
    return 0;
}
