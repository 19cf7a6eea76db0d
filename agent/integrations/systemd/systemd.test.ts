import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { systemd } from "./integration.ts";
import { SystemdHost } from "./systemd_host.fixture.ts";
import { TimerSchedule } from "./timers.ts";
import { type UnitDetails, parseDetails, parseUnits } from "./units.ts";

const booted = await SystemdHost.boot();
afterAll(() => booted?.stop());

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "systemctl-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test.skipIf(booted === undefined)(
  "systemd: states, restarts, times, sockets and CPU time are those of a real systemd; all that is shown was collected",
  async () => {
    if (booted === undefined) return;
    const instance = new InstanceUnderTest(systemd, {
      command: [...booted.enter, "systemctl"],
      cgroup_root: booted.cgroupRoot,
    });
    const { samples, degraded } = await instance.tick();
    expect(degraded).toEqual([]);
    const state = (name: string, of: string, type = "") =>
      samples.get(
        `node_systemd_unit_state{name="${name}",state="${of}"${type && `,type="${type}"`}}`,
      );
    expect([
      state("steady.service", "active", "simple"),
      state("steady.service", "failed", "simple"),
    ]).toEqual([1, 0]);
    expect(state("fails.service", "failed", "simple")).toBe(1);
    expect(state("often.timer", "active")).toBe(1);
    // Named by the target, but not there.
    expect(state("gone.service", "inactive")).toBeUndefined();
    expect([...samples.keys()].filter((key) => key.includes('.mount"'))).toEqual([]);
    expect(samples.get('node_systemd_service_restart_total{name="fails.service"}')).toBeGreaterThan(
      0,
    );
    expect(samples.get('node_systemd_service_restart_total{name="steady.service"}')).toBe(0);
    const now = Date.now() / 1_000;
    const started = samples.get('node_systemd_unit_start_time_seconds{name="steady.service"}') ?? 0;
    expect(Math.abs(started - now)).toBeLessThan(60);
    expect(samples.get('node_systemd_unit_start_time_seconds{name="fails.service"}')).toBe(0);
    const ran = samples.get('node_systemd_timer_last_trigger_seconds{name="often.timer"}') ?? 0;
    expect(Math.abs(ran - now)).toBeLessThan(60);
    expect(samples.get('node_systemd_timer_last_trigger_seconds{name="never.timer"}')).toBe(0);
    const next = (name: string) =>
      samples.get(`systemd_timer_next_trigger_seconds{name="${name}"}`) ?? 0;
    // By the calendar, and an hour after it ran, each with the minute that systemd allows itself.
    expect(next("never.timer")).toBe(Date.UTC(2099, 0, 1) / 1_000 + 60);
    expect(Math.abs(next("often.timer") - ran - 3_660)).toBeLessThan(5);
    expect(samples.get('node_systemd_socket_accepted_connections_total{name="echo.socket"}')).toBe(
      0,
    );
    expect(samples.get('node_systemd_units{state="failed"}')).toBe(1);
    expect(samples.get("node_systemd_system_running")).toBe(0);
    const version = [...samples].find(([key]) => key.startsWith("node_systemd_version"));
    expect(version?.[1]).toBeGreaterThan(200);
    const used = samples.get(
      'systemd_unit_cpu_seconds_total{name="steady.service",type="service"}',
    );
    expect(used).toBeGreaterThan(0);
    expectAssets(import.meta.dir, samples.keys(), {
      systemd_unit_memory_bytes: "only where the host hands down the controller of memory",
      node_systemd_unit_tasks_current: "only where the host hands down the controller of processes",
    });
  },
);

const exporter = Bun.which("prometheus-node-exporter");

test.skipIf(booted === undefined || exporter === null)(
  "systemd: series are those of node_exporter, and so are their values",
  async () => {
    if (booted === undefined) return;
    const address = `127.0.0.1:${await freePort()}`;
    const flags = ["task", "restarts", "start-time"].map(
      (each) => `--collector.systemd.enable-${each}-metrics`,
    );
    const server = Bun.spawn(
      [
        ...booted.enter,
        exporter ?? "",
        "--collector.disable-defaults",
        "--collector.systemd",
        "--collector.systemd.private",
        ...flags,
        `--web.listen-address=${address}`,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    try {
      const theirs = await theirSamples(`http://${address}/metrics`);
      const command = [...booted.enter, "systemctl"];
      const { samples } = await new InstanceUnderTest(systemd, { command }).tick();
      const ours = new Map([...samples].map(([key, value]) => [sortedLabels(key), value]));
      const shared = [...ours.keys()].filter((key) => key.startsWith("node_systemd_"));
      expect(shared.toSorted()).toEqual([...theirs.keys()].toSorted());
      expect(theirs.size).toBeGreaterThan(300);
      // systemctl tells whole seconds.
      for (const [key, value] of theirs)
        expect([key, ours.get(key)]).toEqual([
          key,
          /_seconds/.test(key) ? Math.floor(value) : value,
        ]);
    } finally {
      server.kill();
      await server.exited;
    }
  },
);

/** Once the exporter is up. */
async function theirSamples(url: string): Promise<Map<string, number>> {
  const deadline = AbortSignal.timeout(5_000);
  for (;;) {
    deadline.throwIfAborted();
    const text = await fetch(url)
      .then((response) => response.text())
      .catch(() => "");
    const lines = text.split("\n").filter((line) => line.startsWith("node_systemd_"));
    if (lines.length > 0)
      return new Map(
        lines.map((line) => {
          const at = line.lastIndexOf(" ");
          return [sortedLabels(line.slice(0, at)), Number(line.slice(at + 1))];
        }),
      );
    await Bun.sleep(20);
  }
}

function sortedLabels(key: string): string {
  const [name, labels] = key.split(/[{}]/);
  const own = labels?.split(",").filter((each) => !each.endsWith('=""'));
  return own === undefined ? key : `${name}{${own.toSorted().join(",")}}`;
}

/** Something that answers as systemctl did: each question's answer from a file. */
function systemctl(answers: { units: string; show?: string; manager?: string }): string[] {
  writeFileSync(join(folder, "units"), answers.units);
  writeFileSync(join(folder, "show"), answers.show ?? "");
  writeFileSync(join(folder, "manager"), answers.manager ?? "");
  const script = `#!/bin/sh
echo "$*" >> ${folder}/asked
case "$*" in
  list-units*) cat ${folder}/units ;;
  *Version*) cat ${folder}/manager ;;
  *) cat ${folder}/show ;;
esac
`;
  writeFileSync(join(folder, "systemctl"), script);
  chmodSync(join(folder, "systemctl"), 0o755);
  return [join(folder, "systemctl")];
}

const asked = async () =>
  (await Bun.file(join(folder, "asked")).text())
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[0]);

const units = (state: string) =>
  `a.service loaded ${state} x A thing\nb.mount loaded active mounted /b\n`;

/** Of being down, or of a part that lacks. */
const reasonOf = async (command: string[]) =>
  new InstanceUnderTest(systemd, { command }).tick().then(
    ({ degraded }) => degraded.join(),
    (thrown: Error) => thrown.message,
  );

test("systemd: details are asked for when a state changes, and at their interval", async () => {
  const command = systemctl({
    units: units("active"),
    show: "Id=a.service\nType=notify\nNRestarts=2\n",
  });
  const instance = new InstanceUnderTest(systemd, { command });
  const first = await instance.tick(0);
  expect(first.samples.get('node_systemd_service_restart_total{name="a.service"}')).toBe(2);
  expect(first.samples.has('node_systemd_unit_state{name="b.mount",state="active"}')).toBe(false);
  expect(first.samples.get('node_systemd_units{state="active"}')).toBe(2);
  await instance.tick(15_000);
  expect(await asked()).toEqual(["list-units", "show", "show", "list-units"]);
  writeFileSync(join(folder, "units"), units("failed"));
  const third = await instance.tick(30_000);
  expect(
    third.samples.get('node_systemd_unit_state{name="a.service",state="failed",type="notify"}'),
  ).toBe(1);
  await instance.tick(90_000);
  expect((await asked()).filter((word) => word === "show")).toHaveLength(6);
});

test("systemd: a host without systemd, and one whose systemctl says nothing or nonsense, are down with the reason", async () => {
  const words = "System has not been booted with systemd as init system (PID 1). Can't operate.";
  expect(await reasonOf(["/bin/sh", "-c", `echo "${words}" >&2; exit 1`])).toBe(words);
  expect(await reasonOf(["/nowhere/systemctl"])).toContain("can't run /nowhere/systemctl");
  expect(await reasonOf(["/bin/true"])).toBe("systemctl list-units told of no unit");
  expect(await reasonOf(systemctl({ units: "a.service loaded active running A\nwhat\n" }))).toBe(
    "1 lines of list-units are not understood",
  );
});

test("parseUnits() takes the marks of failed units, and names as systemd writes them", () => {
  const text = `\u25cf fails.service        loaded    failed   failed  Fails
  dev-disk-by\\x2duuid-1.swap not-found inactive dead    /dev/disk

*getty@tty1.service    masked    inactive dead
`;
  expect(parseUnits(text)).toEqual({
    units: [
      { name: "fails.service", load: "loaded", active: "failed" },
      { name: String.raw`dev-disk-by\x2duuid-1.swap`, load: "not-found", active: "inactive" },
      { name: "getty@tty1.service", load: "masked", active: "inactive" },
    ],
    malformed: 0,
  });
});

test("parseDetails() takes units apart, and knows the words for no number and no time", () => {
  const found = parseDetails(
    `Type=simple
NRestarts=0
TasksCurrent=18446744073709551615
TasksMax=infinity
ControlGroup=
Id=a.service
ActiveEnterTimestamp=n/a

LastTriggerUSec=Sat 2026-11-21 21:35:14.123456 UTC
Id=b.timer
ActiveEnterTimestamp=Sat 2026-11-21 21:35:14 UTC

LastTriggerUSec=
Id=c.timer
ActiveEnterTimestamp=Sat 2026-11-21 21:35:14 CET
NextElapseUSecRealtime=
NextElapseUSecMonotonic=1month 1d 2min 3.5s
AccuracyUSec=12h

Id=d.timer
NextElapseUSecRealtime=Sat 2026-11-21 21:35:14 UTC
NextElapseUSecMonotonic=infinity
AccuracyUSec=1min
`,
    1_000,
  );
  expect(found.get("a.service")).toMatchObject({
    type: "simple",
    restarts: 0,
    tasks: undefined,
    tasksMax: undefined,
    activeSinceSeconds: undefined,
    lastTriggerSeconds: undefined,
  });
  const seconds = Date.UTC(2026, 10, 21, 21, 35, 14) / 1_000;
  expect(found.get("b.timer")).toMatchObject({
    activeSinceSeconds: seconds,
    lastTriggerSeconds: seconds,
  });
  expect(found.get("c.timer")).toMatchObject({
    activeSinceSeconds: undefined,
    lastTriggerSeconds: 0,
    nextTriggerSeconds: 1_000 + 2_629_800 + 86_400 + 123.5,
    accuracySeconds: 43_200,
  });
  expect(found.get("d.timer")).toMatchObject({ nextTriggerSeconds: seconds, accuracySeconds: 60 });
});

function timeText(seconds: number): string {
  if (seconds === 0) return "";
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A timer as systemctl tells of it, times in Unix seconds, 0 for none. */
function timerOf(last: number, next: number): UnitDetails {
  const lines = [
    "Id=a.timer",
    `LastTriggerUSec=${timeText(last)}`,
    `NextElapseUSecRealtime=${timeText(next)}`,
    "AccuracyUSec=1h",
  ];
  const details = parseDetails(lines.join("\n"), undefined).get("a.timer");
  if (details === undefined) throw new Error("no timer was read");
  return details;
}

test("TimerSchedule knows when a timer of any period is to run, also while its job runs", () => {
  const [hour, day, month] = [3_600, 86_400, 31 * 86_400];
  const timers = new TimerSchedule();
  const nextOf = (last: number, next: number) => {
    const details = timerOf(last, next);
    timers.learn(new Map([["a.timer", details]]));
    return timers.nextOf("a.timer", details);
  };
  // Never ran, then each month; the third time its job runs for long.
  expect(nextOf(0, month)).toBe(month + hour);
  expect(nextOf(month, 2 * month)).toBe(2 * month + hour);
  expect(nextOf(2 * month + 60, 2 * month)).toBe(3 * month + 60 + hour);
  expect(nextOf(2 * month + 60, 3 * month)).toBe(3 * month + hour);
  // Of another period since, and done with at last.
  expect(nextOf(3 * month, 3 * month + day)).toBe(3 * month + day + hour);
  expect(nextOf(3 * month + day, 0)).toBeUndefined();
  expect(new TimerSchedule().nextOf("a.timer", timerOf(month, month))).toBeUndefined();
});

test("systemd: found where the host was booted with it", async () => {
  expect(await systemd.detect(hostOf({ files: { "/run/systemd/system": "" } }))).toHaveLength(1);
  expect(await systemd.detect(hostOf({ units: ["ssh.service"] }))).toHaveLength(1);
  expect(await systemd.detect(hostOf({}))).toEqual([]);
});
