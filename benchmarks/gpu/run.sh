#!/usr/bin/env bash
# Measure scoring and a search's step on the GPU of this machine, in at most 8 minutes; installs
# nothing. Every step is a process with a time limit of its own and leaves a JSON file in $OUT (or
# ./out); one that fails does not stop the others.
#
#   bash benchmarks/gpu/run.sh                     # PYTHON=... and OUT=... may be set
#   bash benchmarks/gpu/run.sh --device cpu --quick  # sees that every step works
set -uo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1
python=${PYTHON:-python3}
out=${OUT:-out}
mkdir -p "$out"
export NASLIB_PROXYDATA_CACHE=${NASLIB_PROXYDATA_CACHE:-$out/cache}
quick=""
limit_of_all=${LIMIT:-470}  # seconds; the steps are in the order of what is missed most
for word in "$@"; do [ "$word" = --quick ] && quick=yes; done
began=$SECONDS

# step SECONDS NAME ARGUMENTS...: run a step of measure.py.
step() {
    local limit=$1 name=$2
    shift 2
    local left=$((limit_of_all - SECONDS + began))
    if [ "$left" -lt 10 ]; then echo "== $name: left out, out of time"; return; fi
    [ "$limit" -gt "$left" ] && limit=$left
    echo "== $name at $((SECONDS - began)) s"
    timeout -k 5 "$limit" "$python" benchmarks/gpu/measure.py "$@" --name "$name" --out "$out" \
        2>"$out/$name.err" || { echo "== $name failed ($?)"; tail -n 3 "$out/$name.err"; }
}
[ -n "$quick" ] && sizes="3 3 3 3" || sizes="64 256 448 128"
set -- $sizes -- "$@"
small=$1 middle=$2 large=$3 wide=$4
shift 5

step 40 device device "$@"
step 60 many-direct-$middle many --together "$middle" "$@"
step 40 one-by-one-nb201 one-by-one "$@"
step 80 everything everything --together "$middle" --tf32 --budget 60 "$@"
step 90 reference reference "$@"
step 60 equal equal "$@"
if [ -z "$quick" ]; then
    step 70 one-by-one-others one-by-one --budget 4 \
        --spaces nb101,nds-darts,transnas-micro,nasbench-mr "$@"
    step 50 many-transnas many --spaces transnas-micro --together "$wide" "$@"
fi
step 40 zero-cost zero-cost --budget 4 "$@"
step 50 many-matmul-$middle many --together "$middle" --way matmul "$@"
step 40 many-grouped-$small many --together "$small" --way grouped "$@"
step 30 profile-direct profile --together "$small" "$@"
step 50 many-direct-$middle-tf32 many --together "$middle" --tf32 "$@"
step 30 profile-matmul profile --together "$small" --way matmul "$@"
step 50 many-direct-$large many --together "$large" "$@"

search=(--strategies darts,gdas)
[ -n "$quick" ] && search=(--channels 2 --cells 1 --batch-size 8 --examples 128 --device cpu)
# The last step, so that what is measured above does not wait for it.
left=$((limit_of_all - SECONDS + began))
echo "== search at $((SECONDS - began)) s, $left s left"
[ "$left" -gt 10 ] && timeout -k 5 "$left" "$python" benchmarks/gpu/search_step.py "${search[@]}" \
    >"$out/search_step.txt" 2>"$out/search_step.err" || echo "== search failed ($?)"
cat "$out/search_step.txt"
echo "== done after $((SECONDS - began)) s"
