// memcpy and memmove for the static binary. musl's begin with a string
// instruction, whose start alone takes about 30 cycles: in the resource format,
// whose copies are of a hundred bytes, that was a tenth of all time. Here up to
// 128 bytes are read whole before any is written, and longer copies go by four
// registers; from COPY_STRING_MIN on the string instruction is the quicker way.
// musl's memcmp looks at one byte at a time; here it is eight.
//
// Compiled with -fno-builtin, or the compiler turns the loops into calls of
// themselves. Other machines than x86-64 keep their C library's.
#include <stddef.h>
#include <stdint.h>

#ifdef __x86_64__
#include <emmintrin.h>

#define COPY_STRING_MIN 4096

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

typedef uint16_t __attribute__((may_alias, aligned(1))) bytes2;
typedef uint32_t __attribute__((may_alias, aligned(1))) bytes4;
typedef uint64_t __attribute__((may_alias, aligned(1))) bytes8;

static inline __m128i
load(const unsigned char *at)
{
    return _mm_loadu_si128((const __m128i_u *)(const void *)at);
}

static inline void
store(unsigned char *at, __m128i value)
{
    _mm_storeu_si128((__m128i_u *)(void *)at, value);
}

// Head and tail overlap in the middle.
static inline void
copy_to_16(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size >= 8) {
        uint64_t head = *(const bytes8 *)from;
        uint64_t tail = *(const bytes8 *)(from + size - 8);
        *(bytes8 *)to = head;
        *(bytes8 *)(to + size - 8) = tail;
    } else if (size >= 4) {
        uint32_t head = *(const bytes4 *)from;
        uint32_t tail = *(const bytes4 *)(from + size - 4);
        *(bytes4 *)to = head;
        *(bytes4 *)(to + size - 4) = tail;
    } else if (size >= 2) {
        uint16_t head = *(const bytes2 *)from;
        uint16_t tail = *(const bytes2 *)(from + size - 2);
        *(bytes2 *)to = head;
        *(bytes2 *)(to + size - 2) = tail;
    } else if (size == 1) {
        *to = *from;
    }
}

static inline void
copy_to_128(unsigned char *to, const unsigned char *from, size_t size)
{
    __m128i a = load(from), b = load(from + size - 16);
    if (size <= 32) {
        store(to, a);
        store(to + size - 16, b);
        return;
    }
    __m128i c = load(from + 16), d = load(from + size - 32);
    if (size <= 64) {
        store(to, a);
        store(to + 16, c);
        store(to + size - 32, d);
        store(to + size - 16, b);
        return;
    }
    __m128i e = load(from + 32), f = load(from + 48);
    __m128i g = load(from + size - 64), h = load(from + size - 48);
    store(to, a);
    store(to + 16, c);
    store(to + 32, e);
    store(to + 48, f);
    store(to + size - 64, g);
    store(to + size - 48, h);
    store(to + size - 32, d);
    store(to + size - 16, b);
}

static inline void
copy_64(unsigned char *to, const unsigned char *from)
{
    __m128i a = load(from), b = load(from + 16), c = load(from + 32), d = load(from + 48);
    store(to, a);
    store(to + 16, b);
    store(to + 32, c);
    store(to + 48, d);
}

// More than 128 bytes, from the front; right also when `to` lies below `from`.
static void
copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    __m128i a = load(from + size - 64), b = load(from + size - 48);
    __m128i c = load(from + size - 32), d = load(from + size - 16);
    unsigned char *end = to + size;
    for (; size > 64; size -= 64, to += 64, from += 64) {
        copy_64(to, from);
    }
    store(end - 64, a);
    store(end - 48, b);
    store(end - 32, c);
    store(end - 16, d);
}

// The same from the end, for when `to` lies above `from`.
static void
copy_down(unsigned char *to, const unsigned char *from, size_t size)
{
    __m128i a = load(from), b = load(from + 16), c = load(from + 32), d = load(from + 48);
    for (; size > 64; size -= 64) {
        copy_64(to + size - 64, from + size - 64);
    }
    store(to, a);
    store(to + 16, b);
    store(to + 32, c);
    store(to + 48, d);
}

void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (size <= 16) {
        copy_to_16(to, from, size);
    } else if (size <= 128) {
        copy_to_128(to, from, size);
    } else if (size < COPY_STRING_MIN) {
        copy_up(to, from, size);
    } else {
        void *at = to;
        __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    }
    return to;
}

void *
memmove(void *to, const void *from, size_t size)
{
    if (size <= 16) {
        copy_to_16(to, from, size);
    } else if (size <= 128) {
        copy_to_128(to, from, size);
    } else if ((uintptr_t)to - (uintptr_t)from >= size) {
        copy_up(to, from, size);
    } else {
        copy_down(to, from, size);
    }
    return to;
}

// In the order of memory, which on this machine begins with a word's low byte.
static inline int
order_of(uint64_t a, uint64_t b)
{
    a = __builtin_bswap64(a);
    b = __builtin_bswap64(b);
    return a < b ? -1 : 1;
}

int
memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *left = a, *right = b;
    for (; size >= 8; size -= 8, left += 8, right += 8) {
        uint64_t x = *(const bytes8 *)left, y = *(const bytes8 *)right;
        if (x != y) {
            return order_of(x, y);
        }
    }
    for (; size > 0; size--, left++, right++) {
        if (*left != *right) {
            return *left < *right ? -1 : 1;
        }
    }
    return 0;
}

#else
typedef int copy_is_the_c_librarys;
#endif
