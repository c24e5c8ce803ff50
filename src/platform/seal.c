#include "platform/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "seal.c knows x86-64 and arm64"
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arguments are read by their low half");

#define NO_ARGUMENT (-1)

struct rule {
    uint32_t number;
    uint32_t roles;  // bit of enum seal_role
    int argument;
    uint32_t mask;
    uint32_t value;
};

enum {
    COLLECT = 1 << SEAL_COLLECT,
    SERVE = 1 << SEAL_SERVE,
    RECORD = 1 << SEAL_RECORD,
    EXPORT = 1 << SEAL_EXPORT,
    GUARD = 1 << SEAL_GUARD,
    ALL = COLLECT | SERVE | RECORD | EXPORT | GUARD,
};

// WDIOC_... and the like are unsigned long, flags are int: 32 bits of each.
static const struct rule rules[] = {
#define SEAL(name, roles, why) {__NR_##name, roles, NO_ARGUMENT, 0, 0},
#define SEAL_ARG(name, roles, argument, mask, value, why)                                          \
    {__NR_##name, roles, argument, (uint32_t)(mask), (uint32_t)(value)},
#include "platform/seal.tbl.h"
#undef SEAL
#undef SEAL_ARG
};

#define HEAD_LENGTH 4
#define RULE_LENGTH_MAX 6
_Static_assert(ARRAY_COUNT(rules) * RULE_LENGTH_MAX + HEAD_LENGTH + 1 <= SEAL_PROGRAM_MAX,
               "the longest program fits");

struct program {
    struct sock_filter *at;
    size_t length;
};

static void
emit(struct program *program, struct sock_filter instruction)
{
    ASSERT(program->length < SEAL_PROGRAM_MAX);
    program->at[program->length++] = instruction;
}

static void
emit_load(struct program *program, size_t offset)
{
    emit(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void
emit_return(struct program *program, uint32_t action)
{
    emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

// Goes on if the loaded word is `value`, else leaves out `skip` instructions.
static void
emit_need(struct program *program, uint32_t value, uint8_t skip)
{
    emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

// Calls of the x32 ABI have the same architecture, but a bit in their number that
// no rule has.
static void
emit_head(struct program *program)
{
    emit_load(program, offsetof(struct seccomp_data, arch));
    emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    emit_return(program, SECCOMP_RET_KILL_PROCESS);
    emit_load(program, offsetof(struct seccomp_data, nr));
}

// With the number loaded; and loaded again when the rule did not allow.
static void
emit_rule(struct program *program, const struct rule *rule)
{
    if (rule->argument == NO_ARGUMENT) {
        emit_need(program, rule->number, 1);
        emit_return(program, SECCOMP_RET_ALLOW);
        return;
    }
    emit_need(program, rule->number, 5);
    emit_load(program,
              offsetof(struct seccomp_data, args) + (size_t)rule->argument * sizeof(uint64_t));
    emit(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->mask));
    emit_need(program, rule->value, 1);
    emit_return(program, SECCOMP_RET_ALLOW);
    emit_load(program, offsetof(struct seccomp_data, nr));
}

size_t
seal_program(enum seal_role role, struct sock_filter *at)
{
    struct program program = {.at = at};
    ASSERT(role < SEAL_ROLES);
    emit_head(&program);
    for (size_t i = 0; i < ARRAY_COUNT(rules); i++) {
        if ((rules[i].roles & (1U << role)) != 0) {
            emit_rule(&program, &rules[i]);
        }
    }
    emit_return(&program, SECCOMP_RET_KILL_PROCESS);
    return program.length;
}

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif

bool
seal_is_possible(void)
{
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
    return false;
#else
    return true;
#endif
}

int
seal_apply(enum seal_role role)
{
    struct sock_filter filter[SEAL_PROGRAM_MAX];
    struct sock_fprog program = {
        .len = (unsigned short)seal_program(role, filter),
        .filter = filter,
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        return -ERR_UNSUPPORTED;
    }
    return 0;
}
