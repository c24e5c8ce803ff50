#include "platform/rights.h"

#include <errno.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "platform/linux.h"

bool
rights_is_root(void)
{
    return geteuid() == 0;
}

static bool
has_all_ids(uid_t uid, gid_t gid)
{
    uid_t real_user;
    uid_t user;
    uid_t saved_user;
    gid_t real_group;
    gid_t group;
    gid_t saved_group;
    if (getresuid(&real_user, &user, &saved_user) != 0 ||
        getresgid(&real_group, &group, &saved_group) != 0) {
        return false;
    }
    return real_user == uid && user == uid && saved_user == uid && real_group == gid &&
           group == gid && saved_group == gid;
}

int
rights_drop(uint32_t uid, uint32_t gid)
{
    if (uid == 0 || gid == 0) {
        return -ERR_NO_ACCESS;
    }
    if (!rights_is_root()) {
        return has_all_ids(uid, gid) ? 0 : -ERR_NO_ACCESS;
    }
    // The user goes last: without it the other two are not allowed.
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return linux_error(errno);
    }
    bool came_back = setuid(0) == 0 || setgid(0) == 0;
    if (came_back || !has_all_ids(uid, gid) || getgroups(0, NULL) != 0) {
        return -ERR_NO_ACCESS;
    }
    return 0;
}

// struct rlimit64 of prlimit64(2). The call is made directly because the C
// libraries do not agree on the type of `resource`.
struct limit {
    uint64_t now;
    uint64_t most;
};

// Lowers the hard and the soft limit to `value`; never raises the hard one.
static int
limit_to(int resource, uint64_t value)
{
    struct limit limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) != 0) {
        return linux_error(errno);
    }
    if (limit.most > value) {
        limit.most = value;
    }
    limit.now = limit.most;
    if (syscall(SYS_prlimit64, 0, resource, &limit, NULL) != 0) {
        return linux_error(errno);
    }
    return limit.now < value ? -ERR_NO_ACCESS : 0;
}

int
rights_limit(const struct rights_limits *limits)
{
    int error = limit_to(RLIMIT_CORE, 0);
    if (error == 0 && limits->stack_bytes != 0) {
        int lower = limit_to(RLIMIT_STACK, limits->stack_bytes);
        error = lower == -ERR_NO_ACCESS ? 0 : lower;
    }
    if (error == 0 && !limits->processes) {
        error = limit_to(RLIMIT_NPROC, 0);
    }
    return error != 0 ? error : limit_to(RLIMIT_NOFILE, limits->files);
}
