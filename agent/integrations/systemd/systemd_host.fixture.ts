import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = "/lib/systemd/systemd";
/** Of version 2; beside version 1 it lies one deeper. */
const cgroupRoot = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((root) =>
  existsSync(`${root}/cgroup.controllers`),
);

const bare = "[Unit]\nDefaultDependencies=no\n";
const units: Readonly<Record<string, string>> = {
  "lapwing.target":
    "[Unit]\nWants=steady.service fails.service often.timer never.timer echo.socket gone.service\n",
  "steady.service": `${bare}[Service]\nExecStart=/bin/sh -c 'i=0; while [ $$i -lt 20000 ]; do i=$$((i+1)); done; exec sleep 1000'\n`,
  "fails.service": `${bare}[Service]\nExecStart=/bin/false\nRestart=on-failure\nRestartSec=10ms\n`,
  "job.service": `${bare}[Service]\nType=oneshot\nExecStart=/bin/true\n`,
  "often.timer": `${bare}[Timer]\nOnActiveSec=10ms\nOnUnitActiveSec=1h\nUnit=job.service\n`,
  "never.timer": `${bare}[Timer]\nOnCalendar=2099-01-01\nUnit=job.service\n`,
  "echo.socket": `${bare}[Socket]\nListenStream=/run/echo.sock\nAccept=yes\n`,
  "echo@.service": "[Service]\nExecStart=/bin/true\n",
};

/**
 * A systemd in namespaces of its own, with a few units and none of the host's. It sees the host's file system read-only, and memory where it would write:
 * what an init system does at its start (it empties /tmp, for one) must not reach the host.
 */
export class SystemdHost {
  /** What runs a command beside it. */
  readonly enter: readonly string[];
  /** Root of its control groups, as this process sees them. */
  readonly cgroupRoot: string;
  readonly #child: Bun.Subprocess;
  readonly #folder: string;

  /** Undefined where it can't be had: no systemd, no right to make namespaces or control groups. */
  static async boot(): Promise<SystemdHost | undefined> {
    if (process.getuid?.() !== 0 || !existsSync(program) || cgroupRoot === undefined)
      return undefined;
    const folder = mkdtempSync(join(tmpdir(), "systemd-"));
    const group = `${cgroupRoot}/lapwing-${folder.slice(-6)}`;
    try {
      mkdirSync(group);
    } catch {
      rmSync(folder, { recursive: true });
      return undefined;
    }
    mkdirSync(join(folder, "units"));
    for (const [name, text] of Object.entries(units))
      writeFileSync(join(folder, "units", name), text);
    writeFileSync(
      join(folder, "boot.sh"),
      `set -e
echo $$ > ${group}/cgroup.procs
exec unshare --pid --fork --kill-child --mount --cgroup --ipc --uts --net sh -c '
set -e
mount --make-rprivate /
root=${folder}/root
mkdir "$root"
mount --bind / "$root"
mount -o remount,bind,ro "$root"
for own in dev run sys tmp var; do mount -t tmpfs tmpfs "$root/$own"; done
for device in null zero random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount -t proc proc "$root/proc"
mkdir -p "$root/run/systemd" "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --bind -o ro ${folder}/units "$root/etc/systemd/system"
export container=other
exec chroot "$root" ${program} --system --unit=lapwing.target --log-target=null'
`,
    );
    const child = Bun.spawn(["sh", join(folder, "boot.sh")], {
      stdout: "ignore",
      stderr: "ignore",
    });
    const host = await SystemdHost.#started(child, folder, group);
    if (host === undefined) {
      child.kill("SIGKILL");
      await child.exited;
      removeGroups(group);
      rmSync(folder, { recursive: true });
    }
    return host;
  }

  /** Once one of its units has failed for good and another one's timer has run. */
  static async #started(
    child: Bun.Subprocess,
    folder: string,
    group: string,
  ): Promise<SystemdHost | undefined> {
    const deadline = AbortSignal.timeout(5_000);
    while (!deadline.aborted && child.exitCode === null) {
      const pid = childrenOf(child.pid);
      const enter = ["nsenter", "-t", pid, "-m", "-p", "-r"];
      const asked = [
        "systemctl",
        "show",
        "--property=ActiveState,LastTriggerUSec",
        "fails.service",
        "often.timer",
      ];
      const { stdout } = Bun.spawnSync([...enter, ...asked], { stderr: "ignore" });
      if (pid !== "" && /=failed[^]*LastTriggerUSec=\w/.test(stdout.toString()))
        return new SystemdHost(enter, group, child, folder);
      await Bun.sleep(30);
    }
    return undefined;
  }

  private constructor(
    enter: readonly string[],
    group: string,
    child: Bun.Subprocess,
    folder: string,
  ) {
    this.enter = enter;
    this.cgroupRoot = group;
    this.#child = child;
    this.#folder = folder;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    const deadline = AbortSignal.timeout(5_000);
    // The kernel ends what is left in the namespace in its own time.
    while (!removeGroups(this.cgroupRoot)) {
      deadline.throwIfAborted();
      await Bun.sleep(10);
    }
    rmSync(this.#folder, { recursive: true });
  }
}

function childrenOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  } catch {
    return "";
  }
}

/** From the deepest up; false while a process is in one of them. */
function removeGroups(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && !removeGroups(join(folder, entry.name))) return false;
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
