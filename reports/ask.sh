# What follows is the same in every script of this kind.

set -u
umask 077
LC_ALL=C
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin:/opt/xensource/bin
export LC_ALL PATH

limit=120          # seconds that a command may take
most=268435456     # bytes of logs that are copied in all
copied=0
active=''          # the volume that was activated and must be deactivated again

tab=$(printf '\t')
name_of_host=$(hostname 2>/dev/null | tr -cd 'A-Za-z0-9._-')
host=$(sed -n "s/^INSTALLATION_UUID='\([0-9a-f-]*\)'.*/\1/p" /etc/xensource-inventory 2>/dev/null)
stamp=$(date -u +%Y%m%dT%H%M%SZ)
top="cbtriage-answers-${name_of_host:-host}-$stamp"
out="$PWD/$top.tar.gz"
work=$(mktemp -d "${TMPDIR:-/tmp}/cbtriage.XXXXXX") || exit 2
dir="$work/$top"
manifest="$dir/cbtriage-answers.txt"
mkdir "$dir" || exit 2

finish() {
    deactivate
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

printf 'cbtriage answers 1\nhost\t%s\t%s\n' "$host" "$name_of_host" >"$manifest"
echo "$top/cbtriage-answers.txt" >"$work/list"

# nap: wait a moment; not every sleep knows parts of a second
nap() {
    sleep 0.1 2>/dev/null || sleep 1
}

# attempt COMMAND...: run it for $limit seconds at most, with nothing to read, and say its status.
# What hangs in the kernel, as on a lost NFS server, cannot be killed: it is left behind.
attempt() {
    rm -f "$work/status"
    (
        "$@" </dev/null >"$work/stdout" 2>"$work/stderr" &
        echo $! >"$work/pid"
        wait $!
        echo $? >"$work/ended"
        mv "$work/ended" "$work/status"
    ) &
    last=$(($(date +%s) + limit))
    while [ ! -f "$work/status" ] && [ "$(date +%s)" -lt "$last" ]; do
        nap
    done
    if [ -f "$work/status" ]; then
        read -r status <"$work/status"
    else
        status=124
        kill -9 "$(cat "$work/pid")" 2>/dev/null
    fi
}

# note FILE STATUS BEGAN COMMAND...: write the fate of a command into the manifest
note() {
    noted=$1
    printf 'command\t%s\t%s\t%s\t%s' "$noted" "$2" "$3" "$(date +%s)" >>"$manifest"
    shift 3
    printf '\t%s\n' "$*" >>"$manifest"
    tr "$tab\r" '  ' <"$work/stderr" | head -n 20 | while IFS= read -r line; do
        printf 'stderr\t%s\t%s\n' "$noted" "$line"
    done >>"$manifest"
    grep -qxF "$top/$noted" "$work/list" || echo "$top/$noted" >>"$work/list"
}

# keep FILE FINE COMMAND...: add its output to a file; FINE are statuses that are no failure
keep() {
    file=$1
    fine=$2
    shift 2
    began=$(date +%s)
    mkdir -p "$(dirname "$dir/$file")"
    attempt "$@"
    cat "$work/stdout" >>"$dir/$file"
    for good in $fine; do
        [ "$status" = "$good" ] && status=0
    done
    note "$file" "$status" "$began" "$@"
}

# echoed FILE COMMAND...: the same, below the command itself
echoed() {
    file=$1
    shift
    echo "\$ $*" >>"$dir/$file"
    keep "$file" 0 "$@"
}

# values FILE LOG: what cbt-util tells of one CBT log, and its header
values() {
    for option in -p -c -f -s; do
        echoed "$1" cbt-util get -n "$2" "$option"
    done
    echoed "$1" od -A n -v -t x1 -N 48 "$2"
}

# absent FILE WHY COMMAND...: say why a command was not run
absent() {
    file=$1
    echo "$2" >"$work/stderr"
    shift 2
    : >>"$dir/$file"
    note "$file" 75 "$(date +%s)" "$@"
}

# log FILE LOG: the values of a log that lies in a file, or in a volume that is active
log() {
    if [ -e "$2" ]; then
        values "$1" "$2"
    else
        absent "$1" "$2 is not there: of a volume, it is not active on this host" cbt-util get -n "$2"
    fi
}

# activated FILE LOG: the same; a volume that is not active is activated for it, and then no more
activated() {
    if [ ! -e "$2" ]; then
        active=$2
        began=$(date +%s)
        attempt lvchange -ay "$2"
        note "$1" "$status" "$began" lvchange -ay "$2"
    fi
    log "$1" "$2"
    deactivate
}

deactivate() {
    if [ -n "$active" ]; then
        lvchange -an "$active" </dev/null >/dev/null 2>"$work/stderr" ||
            echo "Could not deactivate it: lvchange -an $active" >&2
        active=''
    fi
}

# copy LOG: all files of a log, the newest first, as long as there is room for them
copy() {
    for each in "/var/log/$1" "/var/log/$1".[0-9] "/var/log/$1".[0-9].gz \
        "/var/log/$1".[0-9][0-9] "/var/log/$1".[0-9][0-9].gz; do
        [ -f "$each" ] || continue
        size=$(wc -c <"$each" | tr -d ' ')
        copied=$((copied + size))
        if [ "$copied" -gt "$most" ]; then
            absent "var/log/${each##*/}" "left out: more than $most bytes of logs" cat "$each"
            continue
        fi
        mkdir -p "$dir/var/log"
        # with its time stamp, which tells the year of its lines
        keep "var/log/${each##*/}" 0 cp -p "$each" "$dir/var/log/${each##*/}"
    done
}

[ "$(id -u)" = 0 ] || echo 'Not run as root: some of it may be refused.' >&2
