#!/bin/sh
# Fuzzes one target for a bounded time, or lists the targets.
#
#   fuzz/run.sh T=packet SECONDS=60
#
# Needs no nightly compiler: the sanitizer flags are unlocked for the pinned one with RUSTC_BOOTSTRAP=1. Installs
# cargo-fuzz from the registry if it is missing. Starts from the packets of crates/radius/vectors; what it finds
# interesting stays in fuzz/corpus/T, what it breaks in fuzz/artifacts/T.
set -eu

T=
SECONDS_MAX=60
for argument in "$@"; do
    case $argument in
        T=*) T=${argument#T=} ;;
        SECONDS=*) SECONDS_MAX=${argument#SECONDS=} ;;
        *) echo "unknown argument: $argument (known: T=, SECONDS=)" >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")"
targets=$(ls fuzz_targets | sed 's/\.rs$//')
if [ -z "$T" ] || [ ! -f "fuzz_targets/$T.rs" ]; then
    echo "usage: fuzz/run.sh T=TARGET [SECONDS=60], where TARGET is one of:" $targets >&2
    exit 2
fi

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz"
    cargo install cargo-fuzz --locked
fi

# Seeds: every request and reply of the vectors, as octets. Only the packet target reads whole packets.
mkdir -p "corpus/$T"
if [ "$T" = packet ] && command -v xxd >/dev/null 2>&1; then
    number=0
    awk '/^(request|reply) /{ if (hex) print hex; sub(/^[a-z]+ /, ""); gsub(/ /, ""); hex = $0; next }
         /^\|/ && hex { sub(/^\| */, ""); gsub(/ /, ""); hex = hex $0; next }
         { if (hex) print hex; hex = "" }
         END { if (hex) print hex }' ../crates/radius/vectors/*.txt |
    while read -r hex; do
        number=$((number + 1))
        printf '%s' "$hex" | xxd -r -p > "corpus/$T/vector-$number"
    done
fi

echo "fuzz: building target \`$T\`, then running it for $SECONDS_MAX seconds"
RUSTC_BOOTSTRAP=1 cargo fuzz run "$T" -- -max_total_time="$SECONDS_MAX" -max_len=4200 -print_final_stats=1
