#!/usr/bin/env bash
# Builds everything and runs every test. The last line is `N passed, N failed, N skipped`, summed over all suites; the exit code is
# zero only when something ran and nothing failed. `--deep` also runs tests marked explicit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# A shell without job control has what it starts in the background ignore SIGINT and SIGQUIT, and so would all that is started here: tests send it.
if [ -n "$(trap -p INT)" ] && env --default-signal=INT,QUIT true 2>/dev/null; then
    exec env --default-signal=INT,QUIT "$BASH" "$(basename "${BASH_SOURCE[0]}")" "$@"
fi
exec </dev/null

configuration=Release
results=$PWD/TestResults
deep=0
for argument in "$@"; do
    case $argument in
        --deep) deep=1 ;;
        *) echo "usage: ./test.sh [--deep]" >&2; exit 2 ;;
    esac
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDDISABLENODEREUSE=1    # leave no build process behind
export NO_COLOR=1
[ "$deep" = 0 ] || export MILLRACE_DEEP=1

passed=0 failed=0 skipped=0
say() { printf '== %s\n' "$*"; }

# The last word, whatever happened before it.
finish() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ] && exit 0
    exit 1
}

# Servers are a help, not a condition: tests whose server is missing are skipped and say so.
install_servers() {
    local missing=() package command
    while read -r package command; do
        [ -n "$package" ] || continue
        # What came from elsewhere is as good, and its package may even be in conflict with it.
        [ -z "$command" ] || ! command -v "$command" >/dev/null || continue
        is_installed "$package" || missing+=("$package")
    done < <(sed -e 's/#.*//' eng/test-packages.txt)
    [ "${#missing[@]}" -gt 0 ] || return 0

    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing ${missing[*]}"
        apt-get update -qq >"$results/apt.log" 2>&1 || say "the list of packages could not be brought up to date (see TestResults/apt.log)"
        # All at once is faster; one that cannot be installed must not keep the others away.
        install_packages "${missing[@]}" || for package in "${missing[@]}"; do install_packages "$package" || true; done
    fi
    local without=()
    for package in "${missing[@]}"; do is_installed "$package" || without+=("$package"); done
    [ "${#without[@]}" = 0 ] || say "skipping the tests that need: ${without[*]} (see TestResults/apt.log)"
}

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

install_packages() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$results/apt.log" 2>&1; }

build() {
    say "restore" && dotnet restore Millrace.slnx --verbosity quiet || return 1
    say "build ($configuration, warnings are errors)" && dotnet build Millrace.slnx --configuration "$configuration" --no-restore --verbosity quiet -warnaserror
}

# One number from the line of a result file that describes the suite.
count() { grep -o '<assembly [^>]*' "$1" | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]*' | awk '{ sum += $1 } END { print sum + 0 }'; }

# A suite is a program. It writes its counts to a file; one that dies before it could is a failure.
run_suite() {
    local name=$1 program=test/$1/bin/$configuration/net10.0/$1.dll report=$results/$1.xml status=0 lost ran
    say "$name"
    if [ ! -f "$program" ]; then
        say "$name was not built: is it in Millrace.slnx?"; failed=$((failed + 1)); return 0
    fi
    local options=(-noLogo -noColor -xml "$report")
    [ "$deep" = 0 ] || options+=(-explicit on -longRunning 60)
    dotnet "$program" "${options[@]}" || status=$?

    if [ ! -s "$report" ] || ! grep -q '<assembly ' "$report"; then
        say "$name ended with exit code $status and no results"; failed=$((failed + 1)); return 0
    fi
    lost=$(( $(count "$report" failed) + $(count "$report" errors) ))
    ran=$(count "$report" passed)
    [ "$status" = 0 ] || [ "$lost" -gt 0 ] || { say "$name ended with exit code $status though no test failed"; lost=1; }
    [ $((lost + ran)) -gt 0 ] || { say "$name ran no test"; lost=1; }
    passed=$((passed + ran)) failed=$((failed + lost)) skipped=$((skipped + $(count "$report" skipped)))
    grep -o 'size report: [^<&]*' "$report" | sed 's/^/   /' || true
}

rm -rf "$results"
mkdir -p "$results"
install_servers
if ! build; then
    say "the build failed"; failed=1; finish
fi
for project in test/*/*.csproj; do
    # What the tests start and kill is no suite.
    ! grep -q '<IsTestProject>false</IsTestProject>' "$project" || continue
    run_suite "$(basename "$project" .csproj)"
done
finish
