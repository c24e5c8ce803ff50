#include "platform/seal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <linux/watchdog.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"
#include "base/error.h"

#ifdef __x86_64__
#define HERE AUDIT_ARCH_X86_64
#else
#define HERE AUDIT_ARCH_AARCH64
#endif

static struct sock_filter filter[SEAL_PROGRAM_MAX];

// What the kernel does with the few instructions that the program is made of.
static uint32_t
verdict(size_t length, const struct seccomp_data *data)
{
    uint32_t word = 0;
    for (size_t at = 0; at < length; at++) {
        const struct sock_filter *code = &filter[at];
        switch (code->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            CHECK(code->k % 4 == 0 && code->k + 4 <= sizeof *data);
            memcpy(&word, (const char *)data + code->k, sizeof word);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            word &= code->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += word == code->k ? code->jt : code->jf;
            break;
        case BPF_RET | BPF_K:
            return code->k;
        default:
            test_fail(__FILE__, __LINE__, "an instruction that is not known here");
        }
    }
    test_fail(__FILE__, __LINE__, "the program has no end");
}

static bool
allows(enum seal_role role, long number, uint64_t first, uint64_t second, uint64_t third)
{
    struct seccomp_data data = {.nr = (int)number, .arch = HERE, .args = {first, second, third}};
    uint32_t action = verdict(seal_program(role, filter), &data);
    CHECK(action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_KILL_PROCESS);
    return action == SECCOMP_RET_ALLOW;
}

// What no role may do, whatever the arguments: the promise of fixed memory, and
// that nothing else ever runs in the process.
static const long never[] = {
    SYS_mmap,
    SYS_brk,
    SYS_mremap,
    SYS_munmap,
    SYS_mprotect,
    SYS_madvise,
    SYS_clone,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    SYS_clone3,
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_memfd_create,
    SYS_shmat,
    SYS_remap_file_pages,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_bpf,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_prctl,
    SYS_seccomp,
    SYS_personality,
    SYS_pkey_mprotect,
    SYS_setuid,
    SYS_setresuid,
    SYS_chroot,
    SYS_listen,
    SYS_reboot,
    SYS_init_module,
    SYS_keyctl,
    SYS_perf_event_open,
    SYS_name_to_handle_at,
};

TEST(forbids_what_was_promised)
{
    for (enum seal_role role = 0; role < SEAL_ROLES; role++) {
        for (size_t i = 0; i < ARRAY_COUNT(never); i++) {
            CHECK(!allows(role, never[i], 0, 0, 0));
            CHECK(!allows(role, never[i], UINT64_MAX, UINT64_MAX, UINT64_MAX));
        }
    }
}

TEST(forbids_other_machines)
{
    for (enum seal_role role = 0; role < SEAL_ROLES; role++) {
        struct seccomp_data data = {.nr = SYS_read, .arch = AUDIT_ARCH_I386};
        size_t length = seal_program(role, filter);
        CHECK(verdict(length, &data) == SECCOMP_RET_KILL_PROCESS);
        data.arch = HERE;
        CHECK(verdict(length, &data) == SECCOMP_RET_ALLOW);
        data.nr |= 0x40000000;  // x32
        CHECK(verdict(length, &data) == SECCOMP_RET_KILL_PROCESS);
        data.nr = -1;
        CHECK(verdict(length, &data) == SECCOMP_RET_KILL_PROCESS);
    }
}

// No more than about half of what there is, for anybody: a table that grew
// without thought shows here.
TEST(allows_little)
{
    for (enum seal_role role = 0; role < SEAL_ROLES; role++) {
        unsigned count = 0;
        for (long number = 0; number < 512; number++) {
            count += allows(role, number, 0, 0, 0);
        }
        CHECK(count > 20 && count < 100);
    }
}

TEST(tells_roles_apart)
{
    CHECK(allows(SEAL_COLLECT, SYS_connect, 0, 0, 0));
    CHECK(allows(SEAL_EXPORT, SYS_connect, 0, 0, 0));
    CHECK(!allows(SEAL_SERVE, SYS_connect, 0, 0, 0));
    CHECK(!allows(SEAL_RECORD, SYS_connect, 0, 0, 0));
    CHECK(!allows(SEAL_GUARD, SYS_connect, 0, 0, 0));
    CHECK(allows(SEAL_COLLECT, SYS_socket, AF_INET, SOCK_STREAM, 0));
    CHECK(allows(SEAL_COLLECT, SYS_socket, AF_INET6, SOCK_DGRAM, 0));
    CHECK(!allows(SEAL_COLLECT, SYS_socket, AF_UNIX, SOCK_STREAM, 0));
    CHECK(!allows(SEAL_COLLECT, SYS_socket, AF_NETLINK, SOCK_RAW, 0));
    CHECK(!allows(SEAL_SERVE, SYS_socket, AF_INET, SOCK_STREAM, 0));
    CHECK(allows(SEAL_SERVE, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0));
    CHECK(allows(SEAL_SERVE, SYS_accept4, 3, 0, 0));
    CHECK(!allows(SEAL_COLLECT, SYS_accept4, 3, 0, 0));
    CHECK(allows(SEAL_SERVE, SYS_openat, 0, 0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    CHECK(!allows(SEAL_SERVE, SYS_openat, 0, 0, O_WRONLY));
    CHECK(!allows(SEAL_SERVE, SYS_openat, 0, 0, O_RDWR));
    CHECK(!allows(SEAL_SERVE, SYS_openat, 0, 0, O_RDONLY | O_CREAT));
    CHECK(!allows(SEAL_SERVE, SYS_openat, 0, 0, O_RDONLY | O_TRUNC));
    CHECK(!allows(SEAL_SERVE, SYS_unlinkat, 0, 0, 0));
    CHECK(allows(SEAL_RECORD, SYS_fsync, 3, 0, 0));
    CHECK(!allows(SEAL_SERVE, SYS_fsync, 3, 0, 0));
}

TEST(lets_only_the_guard_kill)
{
    CHECK(allows(SEAL_GUARD, SYS_kill, 5, SIGKILL, 0));
    CHECK(allows(SEAL_GUARD, SYS_kill, 5, SIGABRT, 0));
    CHECK(!allows(SEAL_GUARD, SYS_kill, 5, SIGSTOP, 0));
    CHECK(!allows(SEAL_COLLECT, SYS_kill, 5, SIGKILL, 0));
    CHECK(allows(SEAL_GUARD, SYS_ioctl, 5, WDIOC_KEEPALIVE, 0));
    CHECK(!allows(SEAL_SERVE, SYS_ioctl, 5, WDIOC_KEEPALIVE, 0));
    CHECK(!allows(SEAL_GUARD, SYS_ioctl, 5, TIOCSTI, 0));
    CHECK(allows(SEAL_SERVE, SYS_tgkill, 5, 5, SIGABRT));
    CHECK(!allows(SEAL_SERVE, SYS_tgkill, 5, 5, SIGKILL));
}

// --- for real, in a child process

struct attempt {
    enum seal_role role;
    long number;
    long argument;
};

static void
try_call(void *argument)
{
    const struct attempt *attempt = argument;
    if (seal_apply(attempt->role) != 0) {
        _exit(9);
    }
    long all = attempt->argument;
    syscall(attempt->number, all, all, all, all, all, all);
    _exit(7);
}

static int
status_of(enum seal_role role, long number)
{
    struct attempt attempt = {role, number, -1};
    return test_child_status(try_call, &attempt);
}

static bool
died_of_it(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void
need_seccomp(void)
{
    if (!seal_is_possible()) {
        SKIP("sanitizers map memory as they go");
    }
    int status = status_of(SEAL_GUARD, SYS_getpid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 9) {
        SKIP("there are no seccomp filters here");
    }
}

// With arguments that would do no harm if the seal did not hold.
TEST(kills)
{
    static const long calls[] = {
        SYS_mmap,   SYS_brk,    SYS_mremap, SYS_munmap,       SYS_mprotect, SYS_madvise, SYS_clone,
        SYS_clone3, SYS_execve, SYS_ptrace, SYS_memfd_create, SYS_unshare,  SYS_mount,   SYS_listen,
    };
    need_seccomp();
    for (enum seal_role role = 0; role < SEAL_ROLES; role++) {
        for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
            CHECK(died_of_it(status_of(role, calls[i])));
        }
    }
    CHECK(died_of_it(status_of(SEAL_SERVE, SYS_connect)));
    CHECK(died_of_it(status_of(SEAL_SERVE, SYS_socket)));
    CHECK(died_of_it(status_of(SEAL_SERVE, SYS_openat)));
}

#ifdef SYS_fork
TEST(kills_forks)
{
    struct attempt attempt = {SEAL_COLLECT, SYS_fork, 0};
    need_seccomp();
    CHECK(died_of_it(test_child_status(try_call, &attempt)));
}
#endif

static bool
is_skipped(long number)
{
    return number == SYS_exit || number == SYS_exit_group || number == SYS_rt_sigreturn ||
           number == SYS_restart_syscall;
}

static void
make_all_calls(void *argument)
{
    enum seal_role role = *(enum seal_role *)argument;
    static bool allowed[512];
    for (long number = 0; number < 512; number++) {
        allowed[number] =
            !is_skipped(number) && allows(role, number, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    }
    if (seal_apply(role) != 0) {
        _exit(9);
    }
    for (long number = 0; number < 512; number++) {
        if (allowed[number]) {
            syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
        }
    }
    _exit(7);
}

// Every call of the table, with arguments that make it fail at once.
TEST(lets_live)
{
    need_seccomp();
    for (enum seal_role role = 0; role < SEAL_ROLES; role++) {
        int status = test_child_status(make_all_calls, &role);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    }
}

static void
fetch_something(void *unused)
{
    char buffer[256];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1)};
    (void)unused;
    if (seal_apply(SEAL_COLLECT) != 0) {
        _exit(9);
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = connect(one, (struct sockaddr *)&address, sizeof address);
    bool tried = one >= 0 && (result == 0 || errno == EINPROGRESS || errno == ECONNREFUSED);
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    bool had = read(file, buffer, sizeof buffer) > 0;
    close(file);
    close(one);
    _exit(tried && had ? 7 : 8);
}

TEST(lets_collect_work)
{
    need_seccomp();
    int status = test_child_status(fetch_something, NULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void
abort_sealed(void *unused)
{
    if (seal_apply(SEAL_SERVE) == 0) {
        ASSERT(unused != NULL);
    }
}

// A failed ASSERT must end as one, and not as a breach of the seal.
TEST(lets_asserts_abort)
{
    need_seccomp();
    CHECK(test_aborts(abort_sealed, NULL));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"seal_forbids_what_was_promised", forbids_what_was_promised},
        {"seal_forbids_other_machines", forbids_other_machines},
        {"seal_allows_little", allows_little},
        {"seal_tells_roles_apart", tells_roles_apart},
        {"seal_lets_only_the_guard_kill", lets_only_the_guard_kill},
        {"seal_kills", kills},
#ifdef SYS_fork
        {"seal_kills_forks", kills_forks},
#endif
        {"seal_lets_live", lets_live},
        {"seal_lets_collect_work", lets_collect_work},
        {"seal_lets_asserts_abort", lets_asserts_abort},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
