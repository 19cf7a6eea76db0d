import { setTimeout as delay } from "node:timers/promises";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { SampleSink } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { runProgram } from "../run_program.ts";
import type { LibvirtConfig } from "./config.ts";
import {
  type DomainStats,
  type PoolInfo,
  numberIn,
  placesIn,
  readDomainStats,
  readPools,
} from "./domain_stats.ts";
import {
  type FieldAt,
  blockFields,
  cpuFields,
  domainFields,
  interfaceFields,
  poolFields,
  usedPercent,
} from "./families.ts";

const outputBytesMax = 16 * 1_024 * 1_024;
/** Longer than another client's question takes. */
const askAgainMs = 200;
/** Disks, and interfaces, of one domain. */
const devicesMax = 256;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Domains that do not answer at once, as while they are moved, tell less instead of holding up all. */
const statsCommand = ["domstats", "--raw", "--nowait"];

export const openLibvirt: OpenInstance<LibvirtConfig> = (config) => {
  /** Domains that told all the last time. */
  let full: ReadonlySet<string> = new Set();
  return {
    async collect(sink, tick) {
      const domains = await askDomains(config, tick, full);
      full = new Set(domains.filter(toldAll).map(({ name }) => name));
      const told = domains.slice(0, config.domains_max);
      if (told.length < domains.length)
        tick.degraded(`${domains.length - told.length} domains are beyond domains_max`);
      for (const domain of told) addDomain(sink, domain);
      if (config.pools_max === 0) return;
      try {
        for (const pool of await pools(config, tick)) addPool(sink, pool);
      } catch (thrown) {
        if (tick.signal.aborted) throw thrown;
        tick.degraded(`storage pools: ${messageOf(thrown)}`);
      }
    },
  };
};

/**
 * All domains. With `--nowait` a domain tells neither of its disks nor of its memory while another client's question to it is under way, which takes
 * milliseconds: those of `full` are then asked once more. One that is moved to another host stays short, and is not asked twice again.
 */
async function askDomains(
  config: LibvirtConfig,
  tick: Tick,
  full: ReadonlySet<string>,
): Promise<DomainStats[]> {
  const ask = async () => readDomainStats(await virsh(config, statsCommand, tick));
  const domains = await ask();
  const isShort = (domain: DomainStats) =>
    isOn(domain) && full.has(domain.name) && !toldAll(domain);
  if (!domains.some(isShort)) return domains;
  await delay(askAgainMs, undefined, { signal: tick.signal });
  const again = new Map((await ask()).map((domain) => [domain.name, domain]));
  return domains.map((domain) => (isShort(domain) ? (again.get(domain.name) ?? domain) : domain));
}

/** QEMU's domains that are on tell the memory of their process where they tell all. */
function toldAll(domain: DomainStats): boolean {
  return domain.fields.has("balloon.rss");
}

/** Neither off nor crashed. */
function isOn(domain: DomainStats): boolean {
  const state = numberIn(domain, "state.state");
  return state !== undefined && state > 0 && state !== 5 && state !== 6;
}

/** What one run of virsh wrote. Throws OperatingError with the reason that it gave. */
async function virsh(
  { command, uri }: LibvirtConfig,
  args: readonly string[],
  tick: Tick,
): Promise<string> {
  const { stdout, stderr, code } = await runProgram({
    command: [...command, "--readonly", "--quiet", "--connect", uri, ...args],
    outputBytesMax,
    signal: tick.signal,
  });
  if (code !== 0) throw new OperatingError("unavailable", reasonIn(stderr, code));
  return Buffer.from(stdout).toString();
}

/** The last line says what was the matter, those before it what could not be done for it. */
function reasonIn(stderr: string, code: number): string {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return last === "" ? `virsh ended with ${code}` : last.replace(/^error: /, "");
}

/** All in one run; by UUID, which needs no quoting. One that goes away meanwhile is missing. */
async function pools(config: LibvirtConfig, tick: Tick): Promise<PoolInfo[]> {
  const listed = (await virsh(config, ["pool-list", "--uuid"], tick)).split("\n");
  const found = listed.map((line) => line.trim()).filter((line) => uuid.test(line));
  const asked = found.slice(0, config.pools_max);
  if (asked.length < found.length)
    tick.degraded(`${found.length - asked.length} storage pools are beyond pools_max`);
  if (asked.length === 0) return [];
  const commands = asked.map((each) => `pool-info --bytes ${each}`).join("; ");
  return readPools(await virsh(config, [commands], tick));
}

function addDomain(sink: SampleSink, domain: DomainStats): void {
  addFields(sink, domain, "", domainFields, domain.name);
  // Of a domain that is off libvirt 9.0 tells libvirtd's own CPU time (seen to be the same number).
  if (isOn(domain)) addFields(sink, domain, "", cpuFields, domain.name);
  const seen = numberIn(domain, "balloon.available") ?? 0;
  const usable = numberIn(domain, "balloon.usable");
  if (seen > 0 && usable !== undefined)
    sink.add(usedPercent, (100 * (seen - usable)) / seen, domain.name);
  addDevices(sink, domain, "block", blockFields);
  addDevices(sink, domain, "net", interfaceFields);
}

function addDevices(
  sink: SampleSink,
  domain: DomainStats,
  list: "block" | "net",
  table: readonly FieldAt[],
): void {
  const seen = new Set<string>();
  for (const place of placesIn(domain, list, devicesMax)) {
    const device = domain.fields.get(`${list}.${place}.name`) ?? "";
    // A user's network of QEMU has no name, and no numbers.
    if (device === "" || seen.has(device)) continue;
    seen.add(device);
    addFields(sink, domain, `${list}.${place}.`, table, domain.name, device);
  }
}

function addFields(
  sink: SampleSink,
  domain: DomainStats,
  begin: string,
  table: readonly FieldAt[],
  ...labels: readonly string[]
): void {
  for (const [field, family, per = 1] of table) {
    const value = numberIn(domain, begin + field);
    if (value !== undefined) sink.add(family, value / per, ...labels);
  }
}

function addPool(sink: SampleSink, pool: PoolInfo): void {
  for (const [word, family] of poolFields) {
    const text = pool.get(word) ?? "";
    if (/^\d{1,20}$/.test(text)) sink.add(family, Number(text), pool.get("Name") ?? "");
  }
}
