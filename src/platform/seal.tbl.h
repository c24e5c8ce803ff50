// Every system call that a sealed role may make, one row each:
//   SEAL(name, roles, "why")
//   SEAL_ARG(name, roles, argument, mask, value, "why")
// SEAL_ARG allows the call only if the low 32 bits of that argument, masked, are
// `value`; several rows of one call mean any of them. What is not here kills the
// process: above all mmap, brk, mremap, munmap, mprotect, madvise, clone, fork,
// vfork, execve, ptrace. Rows in #ifdef are calls that only some machines have.

// Time, and waiting for it.
SEAL(clock_gettime, ALL, "where the vDSO cannot tell the time")
SEAL(gettimeofday, ALL, "the same, for libraries")
SEAL(clock_getres, ALL, "libraries ask once")
SEAL(clock_nanosleep, ALL, "back-off in libraries, the guard's turn")
SEAL(nanosleep, ALL, "the same")
SEAL(restart_syscall, ALL, "the kernel goes on with a wait after SIGCONT")

// Bytes in and out of what is open already.
SEAL(read, ALL, "files, pipes, signalfd")
SEAL(write, ALL, "files, pipes, the log")
SEAL(readv, ALL, "libc's streams")
SEAL(writev, ALL, "libc's streams, HTTP answers")
SEAL(pread64, ALL, "files at an offset")
SEAL(close, ALL, "whatever was opened")
SEAL(lseek, ALL, "libc's streams")
SEAL(fcntl, ALL, "non-blocking, close-on-exec, record locks")
SEAL_ARG(ioctl, ALL, 1, 0xffffffff, TIOCGWINSZ, "libc asks whether a stream is a terminal")
SEAL_ARG(ioctl, ALL, 1, 0xffffffff, FIONREAD, "how much a socket holds")
SEAL_ARG(ioctl, ALL, 1, 0xffffffff, FIONBIO, "non-blocking")
SEAL_ARG(ioctl, EXPORT, 1, 0xffffffff, TIOCOUTQ, "does the other side have all of a stream")

// Waiting for descriptors.
#ifdef __NR_poll
SEAL(poll, ALL, "the log, libraries")
#endif
SEAL(ppoll, ALL, "the same where there is no poll")
#ifdef __NR_select
SEAL(select, ALL, "libraries")
#endif
SEAL(pselect6, ALL, "libraries")
#ifdef __NR_epoll_wait
SEAL(epoll_wait, ALL, "event loops")
#endif
SEAL(epoll_pwait, ALL, "event loops")
SEAL(epoll_ctl, ALL, "event loops")
SEAL(epoll_create1, COLLECT | SERVE | EXPORT, "libraries make one a handle")
SEAL(eventfd2, COLLECT | SERVE | EXPORT, "wake-ups within libcurl")
SEAL(pipe2, COLLECT | SERVE | EXPORT, "the same")
SEAL(timerfd_settime, ALL, "schedules; made before the seal")

// Looking at files.
#ifdef __NR_open
SEAL(open, COLLECT | RECORD | EXPORT | GUARD, "files of the role's own, /proc, /sys")
SEAL_ARG(open, SERVE, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY, "reading only")
#endif
SEAL(openat, COLLECT | RECORD | EXPORT | GUARD, "the same")
SEAL_ARG(openat, SERVE, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY, "reading only")
#ifdef __NR_stat
SEAL(stat, ALL, "has the file changed")
SEAL(lstat, ALL, "the same")
#endif
SEAL(fstat, ALL, "sizes")
SEAL(newfstatat, ALL, "has the file changed")
SEAL(statx, ALL, "the same where libc prefers it")
#ifdef __NR_access
SEAL(access, ALL, "is there such a file")
#endif
SEAL(faccessat, ALL, "the same")
SEAL(faccessat2, ALL, "the same")
#ifdef __NR_readlink
SEAL(readlink, COLLECT | RECORD | EXPORT | GUARD, "/proc and service directories")
#endif
SEAL(readlinkat, COLLECT | RECORD | EXPORT | GUARD, "the same")
SEAL(getdents64, COLLECT | RECORD | EXPORT | GUARD, "cgroups, processes, services")
SEAL(statfs, COLLECT | RECORD | EXPORT | GUARD, "file systems; room for the history")
SEAL(fstatfs, COLLECT | RECORD | EXPORT | GUARD, "the same")

// Changing files: never by the role that faces the outside.
SEAL(pwrite64, ALL, "files at an offset: the history, a role's own life")
SEAL(ftruncate, COLLECT | RECORD | EXPORT | GUARD, "replacing content")
SEAL(fallocate, RECORD, "the history has its size from the start")
SEAL(fsync, COLLECT | RECORD | EXPORT | GUARD, "what was promised is on disk")
SEAL(fdatasync, COLLECT | RECORD | EXPORT | GUARD, "the same")
SEAL(fchmod, COLLECT | RECORD | EXPORT | GUARD, "files that others read or must not")
SEAL(fchown, RECORD, "SQLite gives its journal the database's owner")
#ifdef __NR_rename
SEAL(rename, COLLECT | RECORD | EXPORT | GUARD, "replacing a file as a whole")
#endif
#ifdef __NR_renameat
SEAL(renameat, COLLECT | RECORD | EXPORT | GUARD, "the same")
#endif
SEAL(renameat2, COLLECT | RECORD | EXPORT | GUARD, "the same")
#ifdef __NR_unlink
SEAL(unlink, COLLECT | RECORD | EXPORT | GUARD, "journals, what is left over")
#endif
SEAL(unlinkat, COLLECT | RECORD | EXPORT | GUARD, "the same")
#ifdef __NR_mkdir
SEAL(mkdir, RECORD | EXPORT | GUARD, "state directories")
#endif
SEAL(mkdirat, RECORD | EXPORT | GUARD, "the same")
SEAL(flock, RECORD | EXPORT | GUARD, "one writer at a time")
SEAL(utimensat, RECORD, "SQLite touches its files")

// Connections that are open already.
SEAL(sendto, COLLECT | SERVE | EXPORT, "requests and answers")
SEAL(recvfrom, COLLECT | SERVE | EXPORT, "the same")
SEAL(sendmsg, COLLECT | SERVE | EXPORT, "the same, in pieces")
SEAL(recvmsg, COLLECT | SERVE | EXPORT, "the same, and DNS answers")
#ifdef __NR_sendfile
SEAL(sendfile, SERVE, "the HTTP server's way to send a file")
#endif
SEAL(shutdown, COLLECT | SERVE | EXPORT, "orderly ends")
SEAL(getsockname, COLLECT | SERVE | EXPORT, "own address")
SEAL(getpeername, COLLECT | SERVE | EXPORT, "the other's address")
SEAL(getsockopt, COLLECT | SERVE | EXPORT, "has the connection been made")
SEAL(setsockopt, COLLECT | SERVE | EXPORT, "buffer sizes, keep-alive, no delay")

// New connections: out for those who fetch and send, in for the one who serves.
SEAL_ARG(socket, COLLECT | EXPORT, 0, 0xffffffff, AF_INET, "to kubelets, API servers, sinks, DNS")
SEAL_ARG(socket, COLLECT | EXPORT, 0, 0xffffffff, AF_INET6, "the same")
SEAL(connect, COLLECT | EXPORT, "the same")
SEAL(bind, COLLECT | EXPORT, "libraries choose a source port for DNS")
SEAL_ARG(socketpair, COLLECT | SERVE | EXPORT, 0, 0xffffffff, AF_UNIX,
         "wake-ups; the plain side of a TLS connection")
SEAL(accept4, SERVE, "clients")
#ifdef __NR_accept
SEAL(accept, SERVE, "the same")
#endif

// The process itself.
SEAL(getpid, ALL, "libraries mix it into random numbers")
SEAL(gettid, ALL, "abort")
SEAL(getuid, ALL, "libraries ask")
SEAL(geteuid, ALL, "the same")
SEAL(getgid, ALL, "the same")
SEAL(getegid, ALL, "the same")
SEAL(getppid, GUARD, "is the supervisor, or the shadow's guard, still there")
SEAL(getrandom, ALL, "TLS, hash keys")
SEAL(getrusage, ALL, "own CPU time")
SEAL(uname, ALL, "libraries ask")
SEAL(sysinfo, ALL, "size of this machine")
SEAL(sched_getaffinity, ALL, "CPUs of this machine")
SEAL(sched_yield, ALL, "libc's locks")
SEAL(futex, ALL, "libc's locks")
SEAL(rt_sigaction, ALL, "abort; libcurl and SIGPIPE")
SEAL(rt_sigprocmask, ALL, "abort")
SEAL(rt_sigreturn, ALL, "end of a handler")
SEAL(rt_sigtimedwait, ALL, "waiting for signals")
SEAL(exit, ALL, "ends")
SEAL(exit_group, ALL, "ends")
SEAL_ARG(tkill, ALL, 1, 0xffffffff, SIGABRT, "abort")
SEAL_ARG(tgkill, ALL, 2, 0xffffffff, SIGABRT, "abort")

// The guard and its shadow.
SEAL_ARG(kill, GUARD, 1, 0xffffffff, SIGABRT, "a stuck role")
SEAL_ARG(kill, GUARD, 1, 0xffffffff, SIGKILL, "a role that does not even die of that")
SEAL_ARG(kill, GUARD, 1, 0xffffffff, SIGTERM, "an orderly end")
SEAL_ARG(kill, GUARD, 1, 0xffffffff, 0, "is it there")
SEAL(wait4, GUARD, "the shadow's end")
SEAL_ARG(ioctl, GUARD, 1, 0xffffffff, WDIOC_KEEPALIVE, "the watchdog is fed")
SEAL_ARG(ioctl, GUARD, 1, 0xffffffff, WDIOC_SETTIMEOUT, "the same")
SEAL_ARG(ioctl, GUARD, 1, 0xffffffff, WDIOC_GETTIMEOUT, "the same")
SEAL_ARG(ioctl, GUARD, 1, 0xffffffff, WDIOC_SETOPTIONS, "it is let go at an orderly end")
