#!/bin/sh
# Fuzzes one target for a bounded time, or lists the targets.
#
#   fuzz/run.sh T=packet SECONDS=60
#
# Needs no nightly compiler: the sanitizer flags are unlocked for the pinned one with RUSTC_BOOTSTRAP=1. Installs
# cargo-fuzz from the registry if it is missing. Starts from the packets of tests/hostile; what it finds interesting
# stays in fuzz/corpus/T, what it breaks in fuzz/artifacts/T.
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

# Seeds for those that read packets: the corpus of hostile ones, as octets.
mkdir -p "corpus/$T"
case $T in packet | request | stream)
    (cd .. && cargo run --quiet -p tests --bin fuzz_seeds -- "fuzz/corpus/$T") || exit
    ;;
esac

echo "fuzz: building target \`$T\`, then running it for $SECONDS_MAX seconds"
RUSTC_BOOTSTRAP=1 cargo fuzz run "$T" -- -max_total_time="$SECONDS_MAX" -max_len=4200 -print_final_stats=1
