import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { numberAfter, readIfThere } from "../kernel_files.ts";
import { runProgram } from "../run_program.ts";
import type { SystemdConfig } from "./config.ts";
import { monotonicOrigin } from "./monotonic_clock.ts";
import { TimerSchedule } from "./timers.ts";
import {
  type Unit,
  type UnitDetails,
  askedProperties,
  parseDetails,
  parseProperties,
  parseUnits,
} from "./units.ts";

const named = ["name"];
const unitState = gauge("node_systemd_unit_state", "1 for the state that a unit is in, else 0.", [
  "name",
  "state",
  "type",
]);
const unitCount = gauge("node_systemd_units", "Units by state.", ["state"]);
const running = gauge(
  "node_systemd_system_running",
  "1 where the system is up and no unit failed, else 0.",
);
const version = gauge("node_systemd_version", "Version of systemd, as number and text.", [
  "version",
]);
const startTime = gauge(
  "node_systemd_unit_start_time_seconds",
  "When a unit became active, Unix seconds; 0 where it is not.",
  named,
);
const restarts = counter(
  "node_systemd_service_restart_total",
  "Times that systemd started a service again by itself.",
  named,
);
const lastTrigger = gauge(
  "node_systemd_timer_last_trigger_seconds",
  "When a timer ran last, Unix seconds; 0 where it never did.",
  named,
);
const nextTrigger = gauge(
  "systemd_timer_next_trigger_seconds",
  "When a timer is to run next at the latest, Unix seconds.",
  named,
);
const accepted = counter(
  "node_systemd_socket_accepted_connections_total",
  "Connections that a socket accepted.",
  named,
);
const connections = gauge(
  "node_systemd_socket_current_connections",
  "Open connections of a socket.",
  named,
);
const refused = gauge(
  "node_systemd_socket_refused_connections_total",
  "Connections that a socket refused.",
  named,
);
const tasks = gauge("node_systemd_unit_tasks_current", "Tasks of a unit.", named);
const tasksMax = gauge("node_systemd_unit_tasks_max", "Tasks that a unit may have.", named);
const cpu = counter("systemd_unit_cpu_seconds_total", "CPU time of a service.", ["name", "type"]);
const memory = gauge("systemd_unit_memory_bytes", "Memory of a service, with page cache.", [
  "name",
  "type",
]);

const states = ["active", "activating", "deactivating", "inactive", "failed"] as const;
const outputBytesMax = 8 * 1_024 * 1_024;

/** States at every tick, which is one question to systemd; the rest now and then, and when a state has changed. */
export const openSystemd: OpenInstance<SystemdConfig> = (options) => {
  let details = new Map<string, UnitDetails>();
  let manager = new Map<string, string>();
  let seen = "";
  let nextMs = 0;
  const timers = new TimerSchedule();
  return {
    async collect(sink, tick) {
      const { units, malformed } = parseUnits(
        await ask(options, tick, [
          "list-units",
          "--all",
          "--plain",
          "--full",
          "--no-legend",
          "--no-pager",
        ]),
      );
      if (units.length === 0)
        throw new OperatingError("corrupt", "systemctl list-units told of no unit");
      if (malformed > 0) tick.degraded(`${malformed} lines of list-units are not understood`);
      const wanted = units.filter(
        ({ name, load }) =>
          load === "loaded" && options.unit_include.test(name) && !options.unit_exclude.test(name),
      );
      addSummary(sink, units);
      const now = wanted.map(({ name, active }) => `${name} ${active}`).join("\n");
      if (now !== seen || tick.timestampMs >= nextMs) {
        try {
          details = await askDetails(options, wanted, tick);
          timers.learn(details);
          manager = parseProperties(
            await ask(options, tick, ["show", "--no-pager", "--property=Version,SystemState"]),
          );
          seen = now;
          nextMs = tick.timestampMs + options.details_interval;
        } catch (thrown) {
          tick.degraded(`details of units: ${messageOf(thrown)}`);
        }
      }
      addManager(sink, manager);
      for (const unit of wanted) {
        const own = details.get(unit.name);
        addUnit(sink, unit, own, options.cgroup_root);
        const next = own === undefined ? undefined : timers.nextOf(unit.name, own);
        if (next !== undefined && unit.active === "active") sink.add(nextTrigger, next, unit.name);
      }
      if (wanted.length > options.details_max)
        tick.degraded(`${wanted.length - options.details_max} units beyond details_max`);
    },
  };
};

/** Throws OperatingError, with systemctl's words where it has some. */
async function ask(
  { command }: SystemdConfig,
  tick: Tick,
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await runProgram({
    command: [...command, ...args],
    // Its times are in the zone of its environment.
    env: { TZ: "UTC", SYSTEMD_COLORS: "0" },
    outputBytesMax,
    signal: tick.signal,
  });
  const [line = ""] = stderr.trim().split("\n");
  if (code !== 0)
    throw new OperatingError("unavailable", line === "" ? `systemctl ended with ${code}` : line);
  return Buffer.from(stdout).toString();
}

async function askDetails(
  options: SystemdConfig,
  units: readonly Unit[],
  tick: Tick,
): Promise<Map<string, UnitDetails>> {
  const names = units.slice(0, options.details_max).map(({ name }) => name);
  if (names.length === 0) return new Map();
  const properties = `--property=${askedProperties.join(",")}`;
  const text = await ask(options, tick, ["show", "--no-pager", properties, "--", ...names]);
  return parseDetails(text, monotonicOrigin());
}

function addSummary(sink: SampleSink, units: readonly Unit[]): void {
  const counts = new Map<string, number>(states.map((state) => [state, 0]));
  for (const { active } of units) counts.set(active, (counts.get(active) ?? 0) + 1);
  for (const state of states) sink.add(unitCount, counts.get(state) ?? 0, state);
}

function addManager(sink: SampleSink, manager: ReadonlyMap<string, string>): void {
  const state = manager.get("SystemState");
  if (state !== undefined) sink.add(running, state === "running" ? 1 : 0);
  const text = manager.get("Version") ?? "";
  const number = /\d{3,}(?:\.\d+)?/.exec(text)?.[0];
  if (number !== undefined) sink.add(version, Number(number), text);
}

function addUnit(
  sink: SampleSink,
  { name, active }: Unit,
  details: UnitDetails | undefined,
  cgroupRoot: string,
): void {
  const kind = name.slice(name.lastIndexOf(".") + 1);
  const type = kind === "service" || kind === "mount" ? (details?.type ?? "") : "";
  for (const state of states) sink.add(unitState, state === active ? 1 : 0, name, state, type);
  if (details === undefined) return;
  sink.add(startTime, active === "active" ? (details.activeSinceSeconds ?? 0) : 0, name);
  const { controlGroup } = details;
  if (kind === "service") {
    if (details.restarts !== undefined) sink.add(restarts, details.restarts, name);
    if (details.tasks !== undefined) sink.add(tasks, details.tasks, name);
    if (details.tasksMax !== undefined) sink.add(tasksMax, details.tasksMax, name);
    if (controlGroup.startsWith("/")) addResources(sink, name, cgroupRoot, controlGroup);
  }
  if (kind === "timer" && details.lastTriggerSeconds !== undefined)
    sink.add(lastTrigger, details.lastTriggerSeconds, name);
  if (kind !== "socket") return;
  if (details.accepted !== undefined) sink.add(accepted, details.accepted, name);
  if (details.connections !== undefined) sink.add(connections, details.connections, name);
  if (details.refused !== undefined) sink.add(refused, details.refused, name);
}

/** From the files of its control group, in version 2 and 1. */
function addResources(sink: SampleSink, name: string, root: string, path: string): void {
  const usec = numberAfter(readIfThere(`${root}${path}/cpu.stat`) ?? "", "usage_usec ");
  const nsec = numberAfter(readIfThere(`${root}/cpuacct${path}/cpuacct.usage`) ?? "", "");
  const seconds = usec === undefined ? nsec && nsec / 1e9 : usec / 1e6;
  if (seconds !== undefined) sink.add(cpu, seconds, name, "service");
  const bytes =
    readIfThere(`${root}${path}/memory.current`) ??
    readIfThere(`${root}/memory${path}/memory.usage_in_bytes`);
  const value = numberAfter(bytes ?? "", "");
  if (value !== undefined) sink.add(memory, value, name, "service");
}
