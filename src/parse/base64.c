#include "parse/base64.h"

#include "base/error.h"

// The value of a letter, or -1.
static int
value_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z') {
        return letter - 'A';
    }
    if (letter >= 'a' && letter <= 'z') {
        return letter - 'a' + 26;
    }
    if (letter >= '0' && letter <= '9') {
        return letter - '0' + 52;
    }
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

// The bits that the last, incomplete group leaves over must be zero, and its
// padding, if any, complete.
static int
check_end(unsigned bits, unsigned bit_count, unsigned padding)
{
    unsigned left = bit_count == 6 ? 1 : bit_count == 4 ? 2 : bit_count / 2;
    if (bit_count == 6 || (bits & ((1U << bit_count) - 1U)) != 0) {
        return -ERR_MALFORMED;
    }
    return padding == 0 || padding == left ? 0 : -ERR_MALFORMED;
}

int
base64_decode(struct text encoded, struct out *out)
{
    unsigned bits = 0;
    unsigned bit_count = 0;
    unsigned padding = 0;
    for (size_t i = 0; i < encoded.size; i++) {
        char letter = encoded.at[i];
        if (is_blank(letter)) {
            continue;
        }
        if (letter == '=') {
            padding++;
            continue;
        }
        int value = value_of(letter);
        if (value < 0 || padding != 0) {
            return -ERR_MALFORMED;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffffU;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            out_byte(out, (char)(bits >> bit_count & 0xffU));
        }
    }
    if (out->full) {
        return -ERR_TOO_LONG;
    }
    return check_end(bits, bit_count, padding);
}

void
base64_encode(struct text bytes, struct out *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t count = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (k < count ? (unsigned char)bytes.at[i + k] : 0u);
        }
        for (size_t k = 0; k < 4; k++) {
            out_byte(out, k <= count ? digits[group >> (18 - 6 * k) & 63] : '=');
        }
    }
}
