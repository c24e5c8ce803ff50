// guard_run(): the process around guard_turn(): its shadow, readiness, the loop.
#include <poll.h>

#include "app/guard.h"
#include "app/life.h"
#include "app/shadow.h"
#include "platform/linux.h"
#include "platform/seal.h"

static struct guard guard;

static void
note_stuck(void)
{
    role_say("guard", "the guard is stuck; its shadow ends it");
    role_note_end(LIFE_STUCK);
}

// A guard that runs on a refused configuration ends when the files change, so
// that the next one reads them.
static bool
is_outdated(uint64_t first_print)
{
    return guard.config->refused && guard.config_print != first_print;
}

int
guard_run(const struct config *config)
{
    static struct platform platform;
    struct shadow shadow;
    struct pollfd signals = {.events = POLLIN};
    platform = linux_platform();
    if (config_text(config, CONFIG_RUN_DIR).size == 0 ||
        config_text(config, CONFIG_SERVICE_DIR).size == 0) {
        role_say("guard", "--run-dir and --service-dir are needed; the supervision tree sets "
                 "them");
        return EXIT_BAD_CONFIG;
    }
    int error = shadow_start(&shadow, &platform, note_stuck);
    if (error == 0) {
        error = notify_signals_open(&signals.fd);
    }
    guard_init(&guard, config, &platform);
    if (role_last_end() == LIFE_STUCK) {
        guard.watch[ROLE_GUARD].kill_cause = DEATH_HANG;
    }
    if (error == 0) {
        error = role_drop_rights(ROLE_GUARD, config);
    }
    if (error != 0) {
        role_say("guard", "cannot begin: %s", error_sentence(error));
        return EXIT_SYSTEM;
    }
    guard_turn(&guard);
    uint64_t first_print = guard.config_print;
    role_ready(ROLE_GUARD, config);
    if (seal_is_possible() && (error = seal_apply(SEAL_GUARD)) != 0) {
        role_say("guard", "runs without a seal: %s", error_sentence(error));
    }
    while (poll(&signals, 1, GUARD_TURN_MS) <= 0 ||
           notify_signal_next(signals.fd) != NOTIFY_STOP) {
        guard_turn(&guard);
        if (!shadow_alive(&shadow, platform_mono_now(&platform))) {
            role_say("guard", "the guard's shadow is stuck; both begin again");
            return EXIT_SYSTEM;
        }
        if (is_outdated(first_print)) {
            break;
        }
    }
    guard_close(&guard);
    return EXIT_ASKED;
}
