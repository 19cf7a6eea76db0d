#!/bin/sh
# Installs the Lapwing agent on this host, brings it up to date, or takes it away again.
# Can be run as often as one likes; an existing configuration is never touched.
set -eu

usage() {
  cat <<'USAGE'
Usage: install.sh [options]

  --binary FILE     the agent to install (default: lapwing-agent or
                    lapwing-agent-<platform> beside this script, or in ../../dist)
  --nats-url URL    where the aggregator's NATS is; for a new configuration
  --name NAME       name of this host in Lapwing; for a new configuration
  --root DIR        install below DIR instead of /, without users and services
                    (for images and tests); --prefix is the same
  --uninstall       stop and remove the agent; configuration and data stay
  --purge           with --uninstall: configuration, data and user go, too
  -h, --help        this text
USAGE
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

say() {
  echo "lapwing-agent: $*"
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
binary=''
nats_url=''
name=''
root=''
uninstall=no
purge=no

while [ $# -gt 0 ]; do
  case $1 in
    --binary | --nats-url | --name | --root | --prefix)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --binary) binary=$2 ;;
        --nats-url) nats_url=$2 ;;
        --name) name=$2 ;;
        *) root=${2%/} ;;
      esac
      shift 2
      ;;
    --uninstall) uninstall=yes; shift ;;
    --purge) purge=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
done

target_binary=$root/usr/local/bin/lapwing-agent
config_dir=$root/etc/lapwing
config=$config_dir/lapwing.yaml
unit_dir=$root/etc/systemd/system
unit=$unit_dir/lapwing-agent.service
data=$root/var/lib/lapwing

if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  fail "must run as root, or with --root DIR"
fi
case $nats_url in
  *@*) fail "--nats-url must hold no password: write it into $config, under nats" ;;
esac
if [ "$purge" = yes ] && [ "$uninstall" = no ]; then
  fail "--purge goes with --uninstall"
fi

# Whether services can be started here: not below another root, and only where systemd is the init.
has_systemd() {
  [ -z "$root" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1
}

# The build for this machine: linux-x64, linux-arm64 or linux-x64-musl.
platform() {
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "no agent is built for the processor $(uname -m)" ;;
  esac
  libc=''
  for loader in /lib/ld-musl-*; do
    # A glibc system may have musl's loader beside its own.
    if [ -e "$loader" ] && ! ls /lib*/ld-linux-* >/dev/null 2>&1; then libc=-musl; fi
  done
  echo "linux-$cpu$libc"
}

find_binary() {
  wanted=lapwing-agent-$(platform)
  for candidate in "$here/lapwing-agent" "$here/$wanted" "$here/../../dist/$wanted"; do
    if [ -f "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
  fail "no agent found beside this script (looked for lapwing-agent and $wanted): give it by --binary"
}

# Writes standard input to a file at once: a reader sees the old or the new one, never half of it.
put() {
  cat >"$1.new"
  chmod "$2" "$1.new"
  mv -f "$1.new" "$1"
}

# Text as a YAML string in single quotes.
quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"
}

write_config() {
  if [ -e "$config" ]; then
    say "configuration kept: $config"
    if [ -n "$nats_url$name" ]; then
      say "--nats-url and --name are for a new configuration, and were not used"
    fi
    return
  fi
  {
    echo '# Configuration of the Lapwing agent; what is not said here has its default.'
    echo '# After a change: systemctl reload lapwing-agent'
    if [ -n "$nats_url" ]; then
      printf 'nats:\n  servers:\n    - %s\n' "$(quoted "$nats_url")"
    fi
    if [ -n "$name" ]; then
      printf 'agent:\n  name: %s\n' "$(quoted "$name")"
    fi
  } | put "$config" 0640
  say "configuration written: $config"
}

make_user() {
  if id lapwing >/dev/null 2>&1; then return; fi
  shell=/usr/sbin/nologin
  if [ ! -x "$shell" ]; then shell=/sbin/nologin; fi
  if command -v useradd >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /var/lib/lapwing --shell "$shell" lapwing
  elif command -v adduser >/dev/null 2>&1; then
    addgroup -S lapwing 2>/dev/null || true
    adduser -S -D -H -h /var/lib/lapwing -s "$shell" -G lapwing lapwing
  else
    fail "neither useradd nor adduser is here to make the user lapwing"
  fi
  say "user made: lapwing"
}

drop_user() {
  if ! id lapwing >/dev/null 2>&1; then return; fi
  if command -v userdel >/dev/null 2>&1; then userdel lapwing; else deluser lapwing; fi
  say "user removed: lapwing"
}

do_install() {
  if [ -z "$binary" ]; then binary=$(find_binary); fi
  [ -f "$binary" ] || fail "no such file: $binary"
  [ -f "$here/lapwing-agent.service" ] || fail "lapwing-agent.service is not beside this script"
  if [ -z "$root" ]; then make_user; fi
  mkdir -p "$root/usr/local/bin" "$config_dir" "$unit_dir"
  put "$target_binary" 0755 <"$binary"
  say "program installed: $target_binary"
  write_config
  put "$unit" 0644 <"$here/lapwing-agent.service"
  say "unit installed: $unit"
  if [ -z "$root" ]; then
    # It may hold a password for NATS: for root and the agent only.
    chown root:lapwing "$config_dir" "$config"
    chmod 0750 "$config_dir"
  fi
  if has_systemd; then
    systemctl daemon-reload
    systemctl enable --quiet lapwing-agent.service
    systemctl restart lapwing-agent.service
    say "running; see: sudo lapwing-agent status"
  else
    say "systemd does not run here, so nothing was started; the program is:"
    say "  lapwing-agent --config /etc/lapwing/lapwing.yaml --data-dir /var/lib/lapwing"
  fi
}

do_uninstall() {
  if has_systemd && [ -e "$unit" ]; then
    systemctl disable --quiet --now lapwing-agent.service || true
  fi
  rm -f "$unit" "$unit.new" "$target_binary" "$target_binary.new"
  if has_systemd; then systemctl daemon-reload; fi
  say "program and unit removed"
  if [ "$purge" = no ]; then
    say "kept: $config_dir and $data (--purge removes them)"
    return
  fi
  rm -rf "$config_dir" "$data"
  if [ -z "$root" ]; then drop_user; fi
  if [ -n "$root" ]; then
    # Folders that the installation made below the root; one that holds something else stays.
    for folder in usr/local/bin usr/local usr etc/systemd/system etc/systemd etc var/lib var; do
      rmdir "$root/$folder" 2>/dev/null || true
    done
  fi
  say "configuration and data removed"
}

if [ "$uninstall" = yes ]; then do_uninstall; else do_install; fi
