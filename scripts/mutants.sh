#!/usr/bin/env bash
# Breaks the engine in one place after the other and lets the tests find it: each patch in
# tests/mutants says what it breaks and which tests are to see it. A mutant lives if those pass.
# The score goes to docs/mutants.md. Arguments: names of mutants; without any, all.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tree=$root/target/mutants/tree
export CARGO_TARGET_DIR=$root/target/mutants/build CARGO_INCREMENTAL=1 RUST_BACKTRACE=0 FOREBAY_WAIT_S=25
# Most of the time goes to building, a few seconds to the tests.
export CARGO_PROFILE_DEV_OPT_LEVEL=0
# A mutant that waits for what never comes is found out too.
limit_s=180

names=("$@")
if [ $# = 0 ]; then
    for patch in tests/mutants/*.patch; do
        names+=("$(basename "$patch" .patch)")
    done
fi

# The files as they lie here, committed or not, in a repository of their own for git apply.
rm -rf "$tree"
mkdir -p "$tree"
git ls-files -z | xargs -0 cp --parents -t "$tree"
cd "$tree"
git init -q

verdict() { # what the log of a run with this status says
    local status=$1 log=$2
    if [ "$status" = 124 ]; then
        echo "killed: nothing ends"
    elif grep -q '^test result: FAILED' "$log"; then
        echo "killed: $(sed -n 's/^test \(.*\) \.\.\. FAILED$/`\1`/p' "$log" | sort | head -1)"
    elif [ "$status" = 0 ]; then
        echo "lives"
    else
        echo "does not build: mend the patch"
    fi
}

for name in "${names[@]}"; do
    patch=$root/tests/mutants/$name.patch
    log=$root/target/mutants/$name.log
    read -ra tests <<<"$(sed -n 's/^Tests: //p' "$patch")"
    git apply "$patch"
    status=0
    timeout "$limit_s" cargo test "${tests[@]}" >"$log" 2>&1 || status=$?
    git apply -R "$patch"
    verdict "$status" "$log" >"$root/target/mutants/$name.verdict"
    echo "$name $(cat "$root/target/mutants/$name.verdict")"
done

# The table has all of them, each as its last run left it.
cd "$root"
all=0 killed=0
rows=()
for patch in tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    breaks=$(sed -n 's/^Breaks: //p' "$patch")
    verdict=$(cat "target/mutants/$name.verdict" 2>/dev/null || echo "not run")
    all=$((all + 1))
    case $verdict in killed:*) killed=$((killed + 1)) ;; *) verdict="**$verdict**" ;; esac
    rows+=("| $name | ${breaks%.} | ${verdict#killed: } |")
done
{
    echo "# Mutants"
    echo
    echo "\`make mutants\` breaks the engine in $all places that matter, one at a time (\`tests/mutants\`),"
    echo "and runs the tests that are to see it. **$killed of $all are killed.**"
    echo
    echo "| mutant | what is then wrong | killed first by |"
    echo "|---|---|---|"
    printf '%s\n' "${rows[@]}"
} >docs/mutants.md
echo "$killed of $all killed"
[ "$killed" = "$all" ]
