import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "bun:test";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { containers } from "./integration.ts";

const root = "/sys/fs/cgroup";
const isVersion2 = existsSync(`${root}/cgroup.controllers`);

/** A group of this host, in each hierarchy. */
class RealGroup {
  readonly id = crypto.getRandomValues(new Uint8Array(32)).toHex();
  readonly #folders: string[] = [];

  /** Throws where this user may not make one. */
  constructor() {
    const parents = isVersion2
      ? [root]
      : ["cpu", "cpuacct", "memory", "pids"].map((name) => `${root}/${name}`);
    for (const parent of parents) {
      const folder = `${parent}/lapwing-${this.id}.scope`;
      mkdirSync(folder);
      this.#folders.push(folder);
    }
  }

  take(pid: number): void {
    for (const folder of this.#folders) writeFileSync(`${folder}/cgroup.procs`, String(pid));
  }

  /** Once its processes are gone, which takes the kernel a moment. */
  async remove(): Promise<void> {
    const signal = AbortSignal.timeout(5_000);
    for (const folder of this.#folders) while (!isRemoved(folder, signal)) await Bun.sleep(5);
  }
}

function isRemoved(folder: string, signal: AbortSignal): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

let real: RealGroup | undefined;
try {
  real = new RealGroup();
} catch {
  // Nobody may make one here: the trees of the other tests have to do.
}

afterAll(() => real?.remove());

test.skipIf(real === undefined)(
  "containers: a real control group's CPU time, memory and processes are those of the process in it",
  async () => {
    if (real === undefined) return;
    const work =
      "read x; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; sleep 1000 & echo; wait";
    const child = Bun.spawn(["sh", "-c", work], { stdin: "pipe", stdout: "pipe" });
    try {
      real.take(child.pid);
      const watched = new InstanceUnderTest(containers, { sockets: [], process_details: true });
      const before = await watched.tick();
      void child.stdin.write("go\n");
      await child.stdin.flush();
      await child.stdout.getReader().read();
      const { samples } = await watched.tick();
      const own = `id="/lapwing-${real.id}.scope",name="${real.id.slice(0, 12)}"`;
      const used = (at: ReadonlyMap<string, number>) =>
        at.get(`container_cpu_usage_seconds_total{cpu="total",${own}}`) ?? Number.NaN;
      expect(used(samples) - used(before.samples)).toBeGreaterThan(0.01);
      expect(samples.get(`container_processes{${own}}`)).toBe(2);
      const tasks = ["running", "sleeping"].map((state) =>
        samples.get(`container_tasks_state{state="${state}",${own}}`),
      );
      expect((tasks[0] ?? 0) + (tasks[1] ?? 0)).toBe(2);
      // Input, output and errors, of both.
      expect(samples.get(`container_file_descriptors{${own}}`)).toBeGreaterThanOrEqual(6);
      const start = samples.get(`container_start_time_seconds{${own}}`) ?? 0;
      expect(Math.abs(start - Date.now() / 1_000)).toBeLessThan(60);
      // Version 2 has memory only where the root hands its controller down.
      if (!isVersion2)
        expect(samples.get(`container_memory_usage_bytes{${own}}`)).toBeGreaterThan(0);
    } finally {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
      for (const pid of children.split(" ").filter(Boolean)) process.kill(Number(pid));
      child.kill("SIGKILL");
      await child.exited;
    }
  },
);
