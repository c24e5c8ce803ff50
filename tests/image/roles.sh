# shellcheck shell=bash
# What the appliance says of its roles and its history, for the tests of the table
# of restarts.

role() { # ROLE FIELD
    appliance --arg role "$1" ".roles[] | select(.role == \$role).$2"
}

role_is() { # ROLE FIELD PATTERN
    [[ $(role "$1" "$2") == $3 ]]
}

# Another life of it, and ready.
is_back() { # ROLE PID
    local pid
    pid=$(role "$1" pid) && [ -n "$pid" ] && [ "$pid" != "$2" ] && role_is "$1" state ready
}

history_begins() {
    local oldest
    oldest=$(appliance '.history | select(.setAside == 0 and .badBlocks == 0).tiers.raw.oldest // empty') &&
        [ -n "$oldest" ] && echo "$oldest"
}

# Sets LAST, the newest cycle that was recorded. The role says it after it is on the
# disk, and anew after its start.
knows_last() {
    LAST=$(appliance '.history.lastCycle // empty') && [ -n "$LAST" ]
}

recorded_since() { # CYCLE
    knows_last && [[ $LAST > $1 ]]
}

history_is_ill() {
    local error
    error=$(appliance '.history.error // empty') && [ -n "$error" ] && [ "$error" != ok ]
}
