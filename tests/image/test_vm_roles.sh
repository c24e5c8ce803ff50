#!/bin/bash
# What the table of restarts promises (supervise/README.md), in the virtual machine:
# one boot, a case a row.
#
#   what happens                                  case
#   a role exits or is killed                     killed_roles
#   a supervisor or the logger is killed          killed_supervisors
#   a role is not ready in time                   not_ready
#   a role hangs                                  hung_role, hung_guard
#   keeps dying: 1, 2, 4 ... s; five in a minute  five_deaths, five_deaths_of_record
#   exit 100: bad configuration                   bad_configuration
#   a kill for want of memory is told as such     memory_kill
#   the data disk is lost                         lost_disk
#   the kernel restarts on panic, oops, hang      kernel_restarts (its settings)
#   the kernel panics                             test_vm_update.sh: panic_falls_back
#   the kernel oopses                             kernel_oops
#   a task hangs in the kernel                    hung_task
#   s6-svscan dies                                lost_tree
#   ctrl-alt-del: in order, and again             restart
#   shutdown, in order                            shutdown; test_vm.sh: data_is_kept (history)
#   nobody feeds the watchdog                     test_vm.sh: frozen
#   collect makes no progress: it is not fed      test_vm.sh: no_progress
#   the plug is pulled                            test_vm.sh: pulled_plug
#
# and what holds the roles: bounds (cgroup, limit, seal).
set -u
. "$(dirname "$0")/../cluster/lib.sh"
. tests/image/vm.sh
. tests/image/roles.sh

ROLES_HERE='collect record serve export guard'
# A second, and what an emulated machine takes for it.
BACK_S=60

start() {
    truncate -s 64M "$WORK/data.img"
    make_freezer && vm_initramfs_with "$WORK/top" >"$WORK/initramfs" || { fail 'no initramfs'; return 1; }
    # Nobody listens there.
    vm_direct skerry.debug=ttyS1 skerry.metric-resolution=5s skerry.history=16M skerry.sink=influxdb:http://10.0.2.2:9
    vm_start roles 64 "${DIRECT[@]}" -initrd "$WORK/initramfs" -drive file="$WORK/data.img",format=raw,if=none,id=data \
        -device virtio-blk-pci,drive=data,id=disk
    await $BOOT_S is_up || { fail "not up: $(vm_shows)"; return 1; }
    await $SCRAPED_S at_least cycles_total 2 || fail 'no cycles'
}

# A program for the machine that freezes the file system /data.
make_freezer() {
    mkdir -p "$WORK/top/bin"
    gcc -xc -Os -static -nostdlib -fno-stack-protector -o "$WORK/top/bin/freeze" - <<'END'
static long
call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

void
_start(void)
{
    long data = call(2, (long)"/data", 0200000, 0);  // open(O_DIRECTORY)
    call(60, call(16, data, 0xc0045877, 0), 0, 0);   // exit(ioctl(FIFREEZE))
}
END
}

# To a role by its supervisor, which knows whether there is one: the pid of one that
# is down is -1, and that is everything to kill.
signal() { # KILL|STOP ROLE
    local flag=-k
    [ "$1" = KILL ] || flag=-p
    vm_type "s6-svc $flag /run/service/$2"
}

# Each role in a cgroup of its own, with the limit of its plan and a little more;
# sealed by seccomp.
bounds() {
    local name group limit seal planned
    for name in $ROLES_HERE; do
        # shellcheck disable=SC2016
        vm_type "n=$name; "'p=$(s6-svstat -o pid /run/service/$n); read -r g </proc/$p/cgroup; read -r m </vm/cgroup/skerry/$n/memory.max; while read -r k v; do [ $k != Seccomp: ] || s=$v; done </proc/$p/status; echo "<3>NOTE bounds $n $g $m $s" >/dev/kmsg'
        await 60 vm_said "NOTE bounds $name " || { fail "$name: $(vm_shows)"; return; }
        read -r group limit seal < <(tr -d '\r' <"$CONSOLE" | sed -n "s/.*NOTE bounds $name //p")
        [ "$group" = "0::/skerry/$name" ] || fail "$name runs in $group"
        [ "$seal" = 2 ] || fail "$name is not sealed: $seal"
        planned=$(planned_for "$name")
        [ "$limit" -ge "$planned" ] &&
            [ "$limit" -le $((planned + $(planned_for shared) + 4 * 1024 * 1024)) ] ||
            fail "$name has $limit bytes, its plan $planned"
    done
}

planned_for() { # ROLE
    appliance --arg role "$1" '[.plan[] | select(.role == $role).bytes] | add // 0'
}

killed_roles() {
    local name pid
    for name in $ROLES_HERE; do
        pid=$(role "$name" pid)
        signal KILL "$name"
        await $BACK_S is_back "$name" "$pid" || { fail "$name does not come back: $(vm_shows)"; return; }
        await 30 role_is "$name" lastReason '*SIGKILL*' || fail "$name: $(role "$name" lastReason)"
    done
    await_cycles 2 60 || fail 'no cycles after that'
}

killed_supervisors() {
    local pid
    pid=$(role collect pid)
    # shellcheck disable=SC2016
    vm_type 'for p in /proc/[0-9]*; do case "$(cat $p/cmdline 2>/dev/null)" in s6-supervisecollect*|s6-log*) kill -9 ${p#/proc/};; esac; done'
    await $BACK_S is_back collect "$pid" || { fail "collect does not come back: $(vm_shows)"; return; }
    vm_note logger 's6-svstat -o up /run/service/s6-svscan-log'
    await $BACK_S vm_said 'NOTE logger: true' || fail 'the logger does not come back'
}

# Held by its cgroup before it can be.
not_ready() {
    local pid
    pid=$(role record pid)
    vm_type 'echo 1 >/vm/cgroup/skerry/record/cgroup.freeze'
    signal KILL record
    await 180 role_is record lastReason 'not ready in time*' || fail "record: $(role record lastReason) $(vm_shows)"
    vm_type 'echo 0 >/vm/cgroup/skerry/record/cgroup.freeze'
    await $BACK_S is_back record "$pid" || fail "record does not come back: $(vm_shows)"
}

hung_role() {
    local pid
    pid=$(role serve pid)
    signal STOP serve
    await 120 is_back serve "$pid" || { fail "serve does not come back: $(vm_shows)"; return; }
    await 30 role_is serve lastReason '*without heartbeat*' || fail "serve: $(role serve lastReason)"
}

# Its shadow waits ten seconds.
hung_guard() {
    local pid
    pid=$(role guard pid)
    signal STOP guard
    await 120 is_back guard "$pid" || fail "the guard does not come back: $(vm_shows)"
}

# As soon as it is ready, from within: an emulated machine is slower than the limits.
kill_six_times() { # ROLE
    vm_type "for i in 1 2 3 4 5 6; do s6-svc -wR -k /run/service/$1; done; echo '<3>NOTE six of $1' >/dev/kmsg"
    await 240 vm_said "NOTE six of $1" || fail "$1 was not killed six times: $(vm_shows)"
}

five_deaths() {
    kill_six_times collect
    await 120 vm_said 'its own state is set aside' || { fail "nothing set aside: $(vm_shows)"; return; }
    await 60 vm_said 'died again soon after its start; waits' || fail "no delay: $(vm_shows)"
    await 90 role_is collect state ready || fail 'collect does not come back'
    await_cycles 1 90 || fail 'no cycles after that'
}

# The history is sound, and goes on.
five_deaths_of_record() {
    local from
    await 60 history_begins || { fail "no history: $(appliance .history)"; return; }
    from=$(history_begins)
    kill_six_times record
    await 120 vm_said 'the history is checked' || { fail "not checked: $(vm_shows)"; return; }
    await 90 role_is record state ready || fail "record does not come back: $(vm_shows)"
    await 90 knows_last && await 90 recorded_since "$LAST" || fail "nothing is recorded: $(appliance .history)"
    [ "$(history_begins)" = "$from" ] || fail "history begins $(history_begins), not $from"
    ! vm_said 'was damaged' || fail 'it was set aside'
}

# /run/skerry/flags is what all roles read.
bad_configuration() {
    vm_type 'cp() { cat $1 >$2; }; cp /run/skerry/flags /run/kept; echo --no-such-flag >>/run/skerry/flags'
    signal KILL record
    await $BACK_S role_is record lastReason '*bad configuration*' || { fail "record: $(role record lastReason) $(vm_shows)"; return; }
    vm_said 'no-such-flag' || fail 'no word on the console'
    vm_note down 's6-svstat -o up /run/service/record'
    await 30 vm_said 'NOTE down: false' || fail 'it is started again all the same'
    vm_type 'cp /run/kept /run/skerry/flags'
    await 90 role_is record state ready || fail "record does not come back: $(vm_shows)"
}

memory_kill() {
    local pid
    pid=$(role serve pid)
    vm_type 'm=/vm/cgroup/skerry/serve/memory.max; old=$(cat $m); echo 1 >$m'
    await $BACK_S vm_note_after
    vm_type 'echo $old >$m'
    await 120 is_back serve "$pid" || { fail "serve does not come back: $(vm_shows)"; return; }
    await 30 role_is serve lastReason '*out of memory*' || fail "serve: $(role serve lastReason)"
}

vm_note_after() {
    vm_note kills 'cat /vm/cgroup/skerry/memory.events'
    ! grep -aE 'NOTE kills:|oom_kill 0' "$CONSOLE" | tail -n 1 | grep -q 'oom_kill 0'
}

# The disk is there, and every request to it fails: record and export live on
# without.
lost_disk() {
    local cycles deaths
    deaths="$(role record deaths) $(role export deaths)"
    vm_monitor 'drive_del data'
    await 60 at_least cycles_total 1
    cycles=$(counter cycles_total)
    await 120 at_least cycles_total $((cycles + 5)) || { fail "cycles stopped: $(vm_shows)"; return; }
    await 60 history_is_ill || fail "nobody says so: $(appliance .history)"
    [ "$(role record state) $(role export state)" = 'ready ready' ] || fail "not ready: $(appliance .roles)"
    [ "$(role record deaths) $(role export deaths)" = "$deaths" ] || fail "died: $(appliance .roles)"
    api_answers || fail 'the page does not answer'
}

kernel_restarts() {
    vm_note panic 'cat /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops /proc/sys/kernel/hung_task_panic'
    await 30 vm_said 'NOTE panic: 5' || { fail "panic: $(vm_shows)"; return; }
    [ "$(grep -aA2 'NOTE panic: 5' "$CONSOLE" | tr -dc '15\n' | tail -n 2 | tr -d '\n')" = 11 ] ||
        fail "oops and hung tasks: $(vm_shows)"
}

# The kernel is sent to address 0 while it works for a program.
kernel_oops() {
    local before
    before=$(starts)
    vm_type 'cat /dev/zero >/dev/null &'
    vm_lose_way >"$WORK/way" 2>&1 || { fail "the debugger's way in: $(cat "$WORK/way")"; return; }
    await 60 vm_said 'Kernel panic - not syncing: Fatal exception' || { fail "no panic: $(vm_shows)"; return; }
    starts_again "$before"
}

# By qemu's end of a debugger: stopped until the processor is in the kernel (its
# privileges are the low bits of CS) and on the kernel's own stack, which the first
# steps of a call are not; then with another place to go on from.
vm_lose_way() {
    local port
    port=$(free_port)
    vm_monitor "gdbserver tcp:127.0.0.1:$port"
    python3 - "$port" <<'END'
import random, socket, sys, time

RSP, RIP, CS = 7 * 8, 16 * 8, 17 * 8 + 4  # sixteen registers, it, the flags
gdb = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)


def send(text):
    gdb.sendall(b"$%s#%02x" % (text, sum(text) & 255))


def answer():
    packet = b""
    while packet[-3:-2] != b"#":
        byte = gdb.recv(1)
        if not byte:
            sys.exit("the debugger's port was closed")
        packet += byte if packet or byte == b"$" else b""
    gdb.sendall(b"+")
    return packet[1:-3]


# It says that the processor stands (T) when it likes to.
def reply():
    packet = answer()
    while packet[:1] == b"T":
        packet = answer()
    return packet


for _ in range(500):
    send(b"g")
    registers = bytearray.fromhex(reply().decode())
    if registers[CS] & 3 == 0 and registers[RSP + 7] == 0xFF:
        registers[RIP : RIP + 8] = bytes(8)
        send(b"G" + registers.hex().encode())
        taken = reply()
        send(b"D")
        sys.exit(0 if taken == b"OK" else f"not taken: {taken}")
    send(b"c")
    time.sleep(random.uniform(0.01, 0.05))
    gdb.sendall(b"\3")
    while answer()[:1] != b"T":
        pass
sys.exit("never in the kernel")
END
}

# Who writes to a file system that is frozen waits in the kernel, where no signal
# helps. Ten seconds of that instead of the kernel's 120.
hung_task() {
    local before
    before=$(starts)
    vm_type 'echo 10 >/proc/sys/kernel/hung_task_timeout_secs; freeze; echo x >/data/x &'
    await 240 vm_said 'Kernel panic - not syncing: hung_task' || { fail "no panic: $(vm_shows)"; return; }
    starts_again "$before"
}

# The end of process 1's program is a restart, without anybody's order.
lost_tree() {
    local before
    before=$(starts)
    vm_type 's6-svscanctl -b /run/service'
    starts_again "$before"
}

starts_again() { # STARTS-BEFORE
    await $BOOT_S vm_said_times 'skerry: memory:' $(($1 + 1)) || { fail "not started again: $(vm_shows)"; return; }
    await $BOOT_S is_up_again || fail "not up again: $(vm_shows)"
}

# The three keys, as an order to process 1.
restart() {
    local before
    before=$(starts)
    vm_monitor 'sendkey ctrl-alt-delete'
    await 60 vm_said 'stopped in order: reboot' || { fail "not in order: $(vm_shows)"; return; }
    starts_again "$before"
}

is_up_again() {
    api_answers && is_up
}

# The roles' five seconds, and what emulation takes.
shutdown() {
    local begin
    begin=$(now_ms)
    vm_monitor system_powerdown
    await 60 vm_is_gone || { fail "the power button does nothing: $(vm_shows)"; return; }
    echo "off $(($(now_ms) - begin)) ms after the button"
    vm_said 'stopped in order: poweroff' || fail 'not in order'
    VM=
}

vm_begin
case_run start start
if [ "$CASE_FAILED" = no ]; then
    for name in ${SKERRY_TEST_CASES:-bounds killed_roles killed_supervisors not_ready hung_role hung_guard five_deaths five_deaths_of_record bad_configuration memory_kill kernel_restarts kernel_oops hung_task restart lost_tree lost_disk shutdown}; do
        case_run "$name" "$name"
    done
fi
finish
