#!/bin/bash
# `skerry completion`: what bash itself makes of it for lines as people type them,
# and that zsh and fish take theirs.
. "$(dirname "$0")/lib.sh"

# What bash offers behind LINE, as readline would split it; sorted, in one line.
bash_offers() { # LINE [WORDBREAKS]
    bash --norc --noprofile -c '
        source "$1"
        complete -p skerry | grep -q "_skerry" || exit 1
        line=$2 breaks=${3-=:}
        split=$(sed -E "s/([$breaks])/ \1 /g" <<<"$line")
        read -ra COMP_WORDS <<<"$split"
        case $line in *" "|*[$breaks]) COMP_WORDS+=("") ;; esac
        [[ $line != *[=] || $breaks != *=* ]] || unset "COMP_WORDS[-1]"
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMP_LINE=$line
        _skerry skerry "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$WORK/skerry.bash" "$@" 2>"$WORK/bash.err" |
        sort | xargs
    [ ! -s "$WORK/bash.err" ] || cat "$WORK/bash.err"
}

offers() { # LINE WANTED [WORDBREAKS]
    local got
    got=$(bash_offers "$1" "${@:3}")
    [ "$got" = "$2" ] || fail "'$1' offers '$got', wanted '$2'"
}

in_bash() {
    "$PROGRAM" completion bash >"$WORK/skerry.bash" || fail "exit $?"
    bash -n "$WORK/skerry.bash" || fail "no bash"
    offers 'skerry quer' 'query'
    [[ " $(bash_offers 'skerry top ') " = *' --sort '*' containers nodes pods '* ]] || fail "words of top"
    offers 'skerry top p' 'pods'
    offers 'skerry top pods p' ''
    offers 'skerry top --so' '--sort --source'
    offers 'skerry top --sort=m' 'memory memory-share'
    offers 'skerry top --sort m' 'memory memory-share'
    offers 'skerry top --sort=' 'age cpu cpu-share memory memory-share name network restarts'
    offers 'skerry top --sort=re' '--sort=restarts' ':'  # "=" breaks no words there
    offers 'skerry query --metric=memory/w' 'memory/working_set'
    offers 'skerry query --aggregation=me' 'median'
    offers 'skerry collect --sink=infl' 'influxdb:'
    offers 'skerry check --pressure=c' 'containers'
    offers 'skerry rbac --acc' '--access'
    offers 'skerry plan --acc' ''
    offers 'skerry plan --nodes=' ''
    offers 'skerry completion z' 'zsh'
    offers 'skerry help st' 'status'
    : >"$WORK/some.conf"
    offers "skerry validate --config=$WORK/so" "$WORK/some.conf"
}

# Every flag of the help is completed somewhere, every metric too.
nothing_is_missing() {
    local flag metric
    "$PROGRAM" completion bash >"$WORK/skerry.bash"
    "$PROGRAM" completion zsh >"$WORK/_skerry"
    "$PROGRAM" completion fish >"$WORK/skerry.fish"
    for flag in $("$PROGRAM" help | sed -n 's/^  \(--[^ ]*\) .*/\1/p'); do
        grep -qE -- "(^| |')$flag( |'|$)" "$WORK/skerry.bash" || fail "bash: no $flag"
        grep -qE -- "'\*?$flag=?\[" "$WORK/_skerry" || fail "zsh: no $flag"
        grep -qE -- " -l ${flag#--} " "$WORK/skerry.fish" || fail "fish: no $flag"
    done
    [ -n "$flag" ] || fail "no flags"
    for metric in $(sed -n 's/^METRIC([^"]*"\([^"]*\)".*/\1/p' "$root/src/model/metric.tbl.h"); do
        grep -q " $metric[ ']" "$WORK/skerry.bash" || fail "no $metric"
    done
    [ -n "$metric" ] || fail "no metrics"
}

in_zsh() {
    "$PROGRAM" completion zsh >"$WORK/_skerry" || fail "exit $?"
    zsh -f -n "$WORK/_skerry" || { fail "no zsh"; return; }
    # Sourced, it registers itself; the real completion runs in a pseudo terminal.
    cat >"$WORK/zpty.zsh" <<'EOF'
zmodload zsh/zpty
zpty -b it zsh -f -i
send() { zpty -w it "$1" }
send "PS1='READY> '; fpath=($WORK \$fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list-prompt ''; LISTMAX=1000; COLUMNS=200"
zpty -w -n it $'skerry top --sort=m\t\t'
out= line=
for i in {1..100}; do
    while zpty -r -t it line; do out+=$line; done
    [[ $out == *memory-share* ]] && break
    sleep 0.1
done
zpty -d it
print -r -- "$out"
EOF
    WORK=$WORK timeout 60 zsh -f "$WORK/zpty.zsh" >"$WORK/zsh.out" 2>&1
    grep -q 'memory-share' "$WORK/zsh.out" || fail "zsh offers: $(cat "$WORK/zsh.out")"
    ! grep -q '_arguments:' "$WORK/zsh.out" || fail "$(cat "$WORK/zsh.out")"
}

fish_offers() { # LINE WANTED
    local got
    got=$(HOME=$WORK fish --no-config -c "source '$WORK/skerry.fish'; complete -C '$1'" | cut -f1 | sort | xargs)
    [ "$got" = "$2" ] || fail "'$1' offers '$got', wanted '$2'"
}

in_fish() {
    "$PROGRAM" completion fish >"$WORK/skerry.fish" || fail "exit $?"
    fish --no-config -n "$WORK/skerry.fish" || fail "no fish"
    fish_offers 'skerry quer' 'query'
    fish_offers 'skerry top p' 'pods'
    fish_offers 'skerry top --sort=m' '--sort=memory --sort=memory-share'
    fish_offers 'skerry query --metric=memory/w' '--metric=memory/working_set'
    fish_offers 'skerry plan --acc' ''
}

without_a_shell() {
    "$PROGRAM" completion >"$WORK/out" 2>&1
    [ $? = 100 ] && grep -q 'bash, zsh or fish' "$WORK/out" || fail "$(cat "$WORK/out")"
    "$PROGRAM" completion tcsh >"$WORK/out" 2>&1
    [ $? = 100 ] && grep -q '`tcsh` is none of bash, zsh, fish' "$WORK/out" || fail "$(cat "$WORK/out")"
}

case_run completion_bash in_bash
case_run completion_is_whole nothing_is_missing
if command -v zsh >/dev/null; then
    case_run completion_zsh in_zsh
else
    echo "SKIP completion_zsh zsh is not there"
fi
if command -v fish >/dev/null; then
    case_run completion_fish in_fish
else
    echo "SKIP completion_fish fish is not there"
fi
case_run completion_of_what without_a_shell
finish
