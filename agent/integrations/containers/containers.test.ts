import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { DockerEngine } from "#test/support/docker_engine.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { containerOf } from "./cgroup_tree.ts";
import { containers } from "./integration.ts";

const web = "a1".repeat(32);
const pause = "b2".repeat(32);
const app = "c3".repeat(32);
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "containers-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const instance = (options: object = {}) =>
  new InstanceUnderTest(containers, {
    cgroup_root: join(folder, "cgroup"),
    procfs: join(folder, "proc"),
    sockets: [join(folder, "docker.sock")],
    pod_logs: join(folder, "pods"),
    ...options,
  });

/** Files of a process: its start is 50 s after the boot. */
function processFiles(pid: number, network: string): void {
  write({
    [`proc/${pid}/stat`]: `${pid} (x) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 3 0 5000 8192 2 0`,
    [`proc/${pid}/net/dev`]: `Inter-| Receive | Transmit\n face |bytes\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0
  eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\nveth12: 7 7 0 0 0 0 0 0 7 7 0 0 0 0 0 0\n`,
  });
  mkdirSync(join(folder, `proc/${pid}/ns`));
  symlinkSync(`net:[${network}]`, join(folder, `proc/${pid}/ns/net`));
}

function host(): void {
  write({
    "proc/stat": "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nbtime 1700000000\n",
    "proc/meminfo": "MemTotal:  8000 kB\nMemFree:  3000 kB\n",
    "proc/diskstats": " 254       0 vda 1 2 3\n   7       1 loop1 1 2 3\n",
  });
  processFiles(1, "1");
}

/** As the kernel's documentation of version 2 has the files. */
const version2 = {
  "cpu.stat": `usage_usec 5000000
user_usec 3000000
system_usec 2000000
nr_periods 100
nr_throttled 40
throttled_usec 1500000
`,
  "cpu.max": "50000 100000\n",
  "cpu.weight": "100\n",
  "memory.current": "1000000\n",
  "memory.peak": "3000000\n",
  "memory.max": "4000000\n",
  "memory.low": "0\n",
  "memory.swap.current": "5000\n",
  "memory.swap.max": "max\n",
  "memory.events": "low 0\nhigh 0\nmax 6\noom 2\noom_kill 1\noom_group_kill 0\n",
  "memory.stat": `anon 400000
file 500000
kernel 70000
file_mapped 30000
inactive_anon 1
inactive_file 300000
active_file 200000
pgfault 800
pgmajfault 9
`,
  "io.stat": "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n9:127\n",
  "pids.current": "7\n",
  "pids.max": "max\n",
  "cpu.pressure":
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n",
  "memory.pressure":
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  "io.pressure":
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
};

function group(
  path: string,
  files: Readonly<Record<string, string>>,
  pids: readonly number[],
): void {
  const own = { ...files, "cgroup.procs": pids.map((pid) => `${pid}\n`).join("") };
  write(
    Object.fromEntries(Object.entries(own).map(([name, text]) => [`cgroup${path}/${name}`, text])),
  );
}

test("containers: a container of version 2 with its name from Docker's API; all that is shown was collected", async () => {
  host();
  processFiles(200, "2");
  write({ "cgroup/cgroup.controllers": "cpu memory\n", "cgroup/cpu.stat": "usage_usec 9000000\n" });
  const path = `/system.slice/docker-${web}.scope`;
  group(path, version2, [200, 201]);
  const engine = new DockerEngine(join(folder, "docker.sock"));
  const labels = { "com.docker.compose.service": "web", build: "17" };
  engine.set(web, "shop-web-1", "nginx:1.27", labels);
  try {
    const watched = instance();
    const { samples, degraded } = await watched.tick();
    expect(degraded).toEqual([]);
    const own = `id="${path}",name="shop-web-1",image="nginx:1.27",container_label_com_docker_compose_service="web"`;
    const of = (name: string, labelsBefore = "") => samples.get(`${name}{${labelsBefore}${own}}`);
    expect(of("container_cpu_usage_seconds_total", 'cpu="total",')).toBe(5);
    expect(of("container_cpu_user_seconds_total")).toBe(3);
    expect(of("container_cpu_cfs_throttled_seconds_total")).toBe(1.5);
    expect(of("container_spec_cpu_quota")).toBe(50_000);
    expect(of("container_spec_cpu_shares")).toBe(2_597);
    expect(of("container_memory_working_set_bytes")).toBe(700_000);
    expect(of("container_memory_rss")).toBe(400_000);
    expect(of("container_memory_failcnt")).toBe(6);
    expect(of("container_oom_events_total")).toBe(1);
    expect(of("container_spec_memory_limit_bytes")).toBe(4_000_000);
    expect(of("container_spec_memory_swap_limit_bytes")).toBe(0);
    expect(of("container_fs_writes_bytes_total", 'device="/dev/vda",')).toBe(8_192);
    expect(of("container_network_receive_bytes_total", 'interface="eth0",')).toBe(1_000);
    expect(of("container_network_transmit_packets_dropped_total", 'interface="eth0",')).toBe(4);
    expect(of("container_pressure_cpu_waiting_seconds_total")).toBe(2.5);
    expect([of("container_processes"), of("container_threads")]).toEqual([2, 7]);
    expect(of("container_start_time_seconds")).toBe(1_700_000_050);
    expect(samples.get('container_cpu_usage_seconds_total{cpu="total",id="/"}')).toBe(9);
    expect(samples.get('container_memory_usage_bytes{id="/"}')).toBe(5_000 * 1_024);
    expect(samples.get("machine_cpu_cores")).toBe(2);
    expect(
      [...samples.keys()].filter((key) => key.includes("veth") || key.includes('"lo"')),
    ).toEqual([]);
    expectAssets(import.meta.dir, samples.keys());
    // Nothing is new: nobody is asked. A new one is, with all labels that may be had.
    await watched.tick();
    expect(engine.lists).toBe(1);
  } finally {
    await engine.stop();
  }
});

test("containers: labels as they are chosen, and not more of them than labels_max", async () => {
  host();
  write({ "cgroup/cgroup.controllers": "" });
  group(`/docker/${web}`, { "cpu.stat": "usage_usec 1000000\n" }, []);
  const engine = new DockerEngine(join(folder, "docker.sock"));
  engine.set(web, "w", "", { c: "3", "b.x": "2", "b-x": "never", a: "", d: "4" });
  try {
    const { samples } = await instance({ container_labels: "all", labels_max: 2 }).tick();
    const key = [...samples.keys()].find(
      (each) => each.includes("docker") && each.includes("last_seen"),
    );
    expect(key).toBe(
      `container_last_seen{id="/docker/${web}",name="w",container_label_b_x="never",container_label_c="3"}`,
    );
  } finally {
    await engine.stop();
  }
});

test("containers: an engine that hangs, refuses or talks nonsense costs names only, and what it said before holds", async () => {
  host();
  write({ "cgroup/cgroup.controllers": "" });
  group(`/docker/${web}`, { "cpu.stat": "usage_usec 1000000\n" }, []);
  const engine = new DockerEngine(join(folder, "docker.sock"));
  engine.set(web, "known");
  const watched = instance();
  const names = async (atMs: number) => {
    const { samples, degraded } = await watched.tick(atMs);
    const keys = [...samples.keys()].filter((each) => each.startsWith("container_last_seen"));
    return { names: keys.flatMap((key) => /name="(.*?)"/.exec(key)?.[1] ?? []), degraded };
  };
  try {
    expect(await names(0)).toEqual({ names: ["known"], degraded: [] });
    group(`/docker/${app}`, { "cpu.stat": "usage_usec 1000000\n" }, []);
    engine.listAnswer = () => new Response("no", { status: 500 });
    const refused = await names(15_000);
    expect(refused.names).toEqual(["known", app.slice(0, 12)]);
    expect(refused.degraded).toEqual([expect.stringContaining("HTTP status 500")]);
    // Not asked again at once, and still told.
    const lists = engine.lists;
    expect((await names(20_000)).degraded).toEqual(refused.degraded);
    expect(engine.lists).toBe(lists);
    engine.listAnswer = () => Response.json({ not: "a list" });
    expect((await names(60_000)).degraded).toEqual([
      expect.stringContaining("expected a JSON list"),
    ]);
    engine.listAnswer = undefined;
    engine.set(app, "new");
    expect(await names(120_000)).toEqual({ names: ["known", "new"], degraded: [] });
    engine.listAnswer = () => new Promise<Response>(() => {});
    const hung = new InstanceUnderTest(
      containers,
      {
        cgroup_root: join(folder, "cgroup"),
        procfs: join(folder, "proc"),
        sockets: [join(folder, "docker.sock")],
      },
      400,
    );
    const { samples, degraded } = await hung.tick();
    expect(samples.size).toBeGreaterThan(4);
    expect(degraded).toEqual([expect.stringContaining("no answer in time")]);
  } finally {
    await engine.stop();
  }
});

test("containers: a pod's containers are named by the kubelet's logs, and their network is told once", async () => {
  host();
  for (const pid of [300, 301]) processFiles(pid, "3");
  processFiles(302, "1");
  const pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a.slice";
  write({ "cgroup/cgroup.controllers": "" });
  group(`${pod}/cri-containerd-${app}.scope`, version2, [301]);
  group(`${pod}/cri-containerd-${pause}.scope`, version2, [300]);
  group(`/kubepods.slice/cri-containerd-${web}.scope/inner`, version2, [302]);
  write({ [`pods/cart-7d_shop_redis-cache-${app}.log`]: "" });
  const { samples } = await instance().tick();
  const network = [...samples.keys()].filter((key) =>
    key.startsWith("container_network_receive_bytes"),
  );
  expect(network).toEqual([
    'container_network_receive_bytes_total{interface="eth0",id="/"}',
    `container_network_receive_bytes_total{interface="eth0",id="${pod}/cri-containerd-${pause}.scope",name="${pause.slice(0, 12)}"}`,
  ]);
  const own = `id="${pod}/cri-containerd-${app}.scope",name="k8s_redis-cache_cart-7d_shop",namespace="shop",pod="cart-7d",container="redis-cache"`;
  expect(samples.get(`container_memory_rss{${own}}`)).toBe(400_000);
  // Its processes are in a group below it.
  const id = `id="/kubepods.slice/cri-containerd-${web}.scope",name="${web.slice(0, 12)}"`;
  expect(samples.get(`container_processes{${id}}`)).toBe(1);
});

test("containers: version 1, each controller in its hierarchy", async () => {
  host();
  processFiles(200, "2");
  const path = `docker/${web}`;
  write({
    [`cgroup/cpu,cpuacct/${path}/cpuacct.usage`]: "5000000000\n",
    [`cgroup/cpu,cpuacct/${path}/cpuacct.stat`]: "user 300\nsystem 200\n",
    [`cgroup/cpu,cpuacct/${path}/cpu.shares`]: "1024\n",
    [`cgroup/cpu,cpuacct/${path}/cpu.cfs_period_us`]: "100000\n",
    [`cgroup/cpu,cpuacct/${path}/cpu.cfs_quota_us`]: "-1\n",
    [`cgroup/memory/${path}/memory.usage_in_bytes`]: "1000000\n",
    [`cgroup/memory/${path}/memory.limit_in_bytes`]: "9223372036854771712\n",
    [`cgroup/memory/${path}/memory.stat`]:
      "rss 1\npgfault 2\ntotal_rss 400000\ntotal_inactive_file 300000\ntotal_pgfault 5\n",
    [`cgroup/memory/${path}/memory.oom_control`]: "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    [`cgroup/memory/${path}/cgroup.procs`]: "200\n",
    [`cgroup/blkio/${path}/blkio.throttle.io_service_bytes_recursive`]:
      "8:0 Read 512\n8:0 Write 1024\n8:0 Total 1536\nTotal 1536\n",
    [`cgroup/blkio/${path}/blkio.throttle.io_serviced_recursive`]: "8:0 Read 1\n8:0 Write 2\n",
    [`cgroup/pids/${path}/pids.current`]: "4\n",
    [`cgroup/pids/${path}/pids.max`]: "100\n",
  });
  const { samples, degraded } = await instance({ process_details: true }).tick();
  expect(degraded).toEqual([]);
  const own = `id="/${path}",name="${web.slice(0, 12)}"`;
  const of = (name: string, before = "") => samples.get(`container_${name}{${before}${own}}`);
  expect(of("cpu_usage_seconds_total", 'cpu="total",')).toBe(5);
  expect(of("cpu_system_seconds_total")).toBe(2);
  expect(of("spec_cpu_quota")).toBeUndefined();
  expect(of("memory_working_set_bytes")).toBe(700_000);
  expect(of("memory_rss")).toBe(400_000);
  expect(of("memory_failures_total", 'failure_type="pgfault",scope="container",')).toBe(2);
  expect(of("memory_failures_total", 'failure_type="pgfault",scope="hierarchy",')).toBe(5);
  expect(of("spec_memory_limit_bytes")).toBe(0);
  expect(of("oom_events_total")).toBe(3);
  expect(of("fs_writes_total", 'device="8:0",')).toBe(2);
  expect(
    of("blkio_device_usage_total", 'device="8:0",major="8",minor="0",operation="Total",'),
  ).toBe(1_536);
  expect([of("threads"), of("threads_max")]).toEqual([4, 100]);
  expect(of("tasks_state", 'state="sleeping",')).toBe(1);
});

test("containers: no control groups at all is an error that is told", async () => {
  host();
  expect(instance().tick()).rejects.toThrow(`no control groups at ${folder}/cgroup`);
});

test("containerOf() knows the runtimes' paths", () => {
  const known = {
    [`/docker/${web}`]: web,
    [`/system.slice/docker-${web}.scope`]: web,
    [`/machine.slice/libpod-${web}.scope`]: web,
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${web}.scope`]: web,
    [`/kubepods/burstable/pod0a/${web}`]: web,
    [`/kubepods.slice/kubepods-pod0a.slice/crio-${web}.scope`]: web,
    [`/kubepods.slice/kubepods-pod0a.slice/cri-containerd-${web}.scope`]: web,
    "/lxc.payload.mail": "mail",
    "/lxc/mail": "mail",
    "/machine.slice/systemd-nspawn@build.service": "build",
    [String.raw`/machine.slice/machine-qemu\x2d1.scope`]: "qemu-1",
  };
  for (const [path, id] of Object.entries(known))
    expect([path, containerOf(path)]).toEqual([path, id]);
  for (const path of [
    `/machine.slice/libpod-conmon-${web}.scope`,
    `/machine.slice/libpod-${web}.scope/container`,
    "/system.slice/docker.service",
    "/lxc/mail/init.scope",
    "/user.slice",
  ])
    expect([path, containerOf(path)]).toEqual([path, undefined]);
});

test("containers: found by what runs them", async () => {
  const processes = [{ name: "dockerd" }, { name: "containerd", executable: "containerd" }];
  expect(await containers.detect(hostOf({ processes }))).toEqual([
    { confidence: 1, because: ["process dockerd", "process containerd"], options: {}, needs: [] },
  ]);
  expect(await containers.detect(hostOf({}))).toEqual([]);
});
