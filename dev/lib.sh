# Shared by the scripts in dev/ and by ../mirror: messages, the JDK, Maven, the isolated run. Sourced, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ME=${ME:-$(basename "$0")}

say() { printf '%s: %s\n' "$ME" "$*"; }
warn() { printf '%s: %s\n' "$ME" "$*" >&2; }
fail() { warn "$*"; exit 1; }

# help_if_asked "$@": prints the comment at the head of the calling script and ends, if --help or -h is the first argument
help_if_asked() {
    case "${1:-}" in
        -h | --help)
            awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"
            exit 0
            ;;
    esac
}

# major_of JAVA: the feature version of a java command, 0 if it does not run
major_of() {
    local spec
    spec=$("$1" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = //p') || true
    spec=${spec#1.}
    case "$spec" in
        '' | *[!0-9]*) echo 0 ;;
        *) echo "$spec" ;;
    esac
}

# find_java: sets JAVA to a java of a JDK >= 17 (JAVA_HOME, then PATH, then where Debian puts it). 1 and JAVA_WHY if there is none.
find_java() {
    local candidate found major why=""
    JAVA=""
    for candidate in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
        [ -n "$candidate" ] && [ -x "$candidate" ] || continue
        found=$(readlink -f "$candidate")
        [ -x "$(dirname "$found")/javac" ] || { why="$why $candidate (no javac: a JRE)"; continue; }
        major=$(major_of "$candidate")
        [ "$major" -ge 17 ] || { why="$why $candidate (Java $major)"; continue; }
        JAVA=$found
        return 0
    done
    JAVA_WHY="no JDK >= 17 in JAVA_HOME (${JAVA_HOME:-not set}) or on PATH${why:+; looked at:$why}. On Debian: apt-get install openjdk-17-jdk-headless"
    return 1
}

# need_java: find_java or the end; Maven is told to use the same JDK
need_java() {
    find_java || fail "$JAVA_WHY"
    JAVA_HOME=$(dirname "$(dirname "$JAVA")")
    export JAVA_HOME
}

# pick_maven: sets MVN to ./mvnw, or to the mvn on PATH when the pinned version cannot be fetched
pick_maven() {
    [ -z "${MVN:-}" ] || return 0
    need_java
    local version why
    if why=$("$ROOT/mvnw" -v 2>&1); then
        MVN=$ROOT/mvnw
        return 0
    fi
    command -v mvn > /dev/null || fail "no Maven: $why"
    version=$(mvn -B -v 2> /dev/null | sed -n 's/.*Apache Maven \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    [ "$(printf '%s\n' 3.8 "${version:-0}" | sort -V | head -n 1)" = 3.8 ] \
        || fail "./mvnw does not work ($why) and the mvn on PATH is ${version:-unknown}, older than 3.8"
    warn "./mvnw cannot fetch its Maven, using mvn $version instead: $(tail -n 1 <<< "$why")"
    MVN=$(command -v mvn)
}

# maven ARGS: one quiet, non-interactive Maven run at the root
maven() {
    pick_maven
    (cd "$ROOT" && "$MVN" -q -B -ntp -Dstyle.color=never "$@")
}

# reports_clear NAME: removes the reports of earlier runs (NAME: surefire or failsafe), so that only this run is counted
reports_clear() { rm -rf "$ROOT"/*/target/"$1"-reports; }

# reports_count NAME: prints "<run> <failed> <skipped>", summed over the reports of this run
reports_count() {
    find "$ROOT" -path "*/target/$1-reports/TEST-*.xml" -exec cat {} + 2> /dev/null | awk '
        function value(name,   text) {
            if (!match($0, " " name "=\"[0-9]+\"")) return 0
            text = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", text); return text + 0
        }
        /<testsuite / { run += value("tests"); failed += value("errors") + value("failures"); skipped += value("skipped") }
        END { print run + 0, failed + 0, skipped + 0 }'
}

# reports_skipped NAME: one skipped test a line, as class#method
reports_skipped() {
    find "$ROOT" -path "*/target/$1-reports/TEST-*.xml" -exec cat {} + 2> /dev/null | awk '
        function value(name,   text) {
            if (!match($0, " " name "=\"[^\"]*\"")) return ""
            text = substr($0, RSTART, RLENGTH); sub(/^[^"]*"/, "", text); sub(/"$/, "", text); return text
        }
        /<testcase / { name = value("name"); test = value("classname") "#" (name == "" ? "*" : name) }
        /<skipped/ { print test }' | sort -u
}

# reports_judge_skips NAME: names every skipped test loudly; sets UNEXCUSED to how many have no reason in config/skipped-tests.txt
reports_judge_skips() {
    local test pattern reason found
    UNEXCUSED=0
    while read -r test; do
        found=""
        while read -r pattern reason; do
            # Everything but * is meant literally: test names contain brackets.
            pattern=$(sed 's/[][()?+@!\\]/\\&/g' <<< "$pattern")
            # shellcheck disable=SC2053
            if [[ $test == $pattern ]]; then found=$reason; break; fi
        done < <(grep -vE '^\s*(#|$)' "$ROOT/config/skipped-tests.txt")
        if [ -n "$found" ]; then
            say "!!! SKIPPED $test (allowed: $found)"
        else
            say "!!! SKIPPED $test (NOT allowed: config/skipped-tests.txt gives no reason)"
            UNEXCUSED=$((UNEXCUSED + 1))
        fi
    done < <(reports_skipped "$1")
}

# can_isolate: 0 if this user may make the namespaces of dev/isolate; otherwise 1 and ISOLATE_WHY
can_isolate() {
    local tool
    for tool in unshare setpriv mount ip; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$tool" > /dev/null || {
            ISOLATE_WHY="the tool '$tool' is missing; dev/setup installs it (Debian: util-linux, iproute2)"
            return 1
        }
    done
    local error
    if error=$("$ROOT/dev/isolate" true 2>&1); then return 0; fi
    ISOLATE_WHY="the kernel refuses private namespaces: $(tail -n 1 <<< "$error")
  Either run it as root, or let users make namespaces; as root, one of:
    sysctl -w kernel.unprivileged_userns_clone=1           (Debian up to 10)
    sysctl -w user.max_user_namespaces=15000               (where it is 0)
    sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (Ubuntu 23.10 and later)
  In a container: start it with --privileged, or with --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined."
    return 1
}
