import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { libvirt } from "./integration.ts";
import { busyDomains, recordedDomains, recordedPools } from "./recorded_domains.fixture.ts";

/** libvirt's own driver for tests: no hypervisor, one domain that runs and one storage pool. */
const withVirsh = test.skipIf(Bun.which("virsh") === null);

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "virsh-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that says what was recorded, by its command. */
function virsh(domains: string, pools = recordedPools): { command: string[] } {
  const program = join(folder, "virsh");
  writeFileSync(join(folder, "domains"), domains);
  writeFileSync(join(folder, "list"), pools.list);
  writeFileSync(join(folder, "info"), pools.info);
  writeFileSync(
    program,
    `#!/bin/sh
echo "$*" >> ${folder}/asked
case "$*" in
*domstats*) cat ${folder}/domains; [ ! -e ${folder}/next ] || mv ${folder}/next ${folder}/domains ;;
*pool-list*) cat ${folder}/list ;;
*pool-info*) cat ${folder}/info ;;
esac
`,
  );
  chmodSync(program, 0o755);
  return { command: [program] };
}

test("libvirt: domains, their disks, interfaces and memory, and storage pools have the exporter's names", async () => {
  const { samples, degraded } = await new InstanceUnderTest(libvirt, virsh(recordedDomains)).tick();
  expect(degraded).toEqual([]);
  expect(Object.fromEntries(samples)).toMatchObject({
    libvirt_up: 1,
    'libvirt_domain_info_vstate{domain="web-1"}': 1,
    'libvirt_domain_info_vstate{domain="spare"}': 5,
    'libvirt_domain_info_cpu_time_seconds_total{domain="web-1"}': 138.954292,
    'libvirt_domain_info_virtual_cpus{domain="web-1"}': 1,
    'libvirt_domain_info_maximum_memory_bytes{domain="web-1"}': 201_326_592,
    'libvirt_domain_memory_stats_rss_bytes{domain="web-1"}': 288_317_440,
    'libvirt_domain_memory_stats_used_percent{domain="web-1"}':
      (100 * (145_196 - 57_520)) / 145_196,
    'libvirt_domain_memory_stats_minor_fault_total{domain="web-1"}': 147_445,
    'libvirt_domain_block_stats_read_bytes_total{domain="web-1",target_device="vda"}': 19_526_070_784,
    'libvirt_domain_block_stats_write_time_seconds_total{domain="web-1",target_device="vda"}': 3.049183419,
    'libvirt_domain_block_stats_capacity_bytes{domain="web-1",target_device="vda"}': 67_108_864,
    'libvirt_domain_interface_stats_receive_bytes_total{domain="web-1",target_device="vnet4"}': 7_577_164,
    'libvirt_domain_interface_stats_transmit_packets_total{domain="web-1",target_device="vnet4"}': 6_194,
    'libvirt_pool_info_available_bytes{pool="images"}': 242_055_835_648,
  });
  // What is off has no CPU time of its own, and of its disk the size alone.
  expect([...samples.keys()].filter((key) => /cpu_time|stats.*"spare"/.test(key))).toEqual([
    'libvirt_domain_memory_stats_actual_balloon_bytes{domain="spare"}',
    'libvirt_domain_block_stats_capacity_bytes{domain="spare",target_device="vda"}',
    'libvirt_domain_block_stats_physicalsize_bytes{domain="spare",target_device="vda"}',
    'libvirt_domain_info_cpu_time_seconds_total{domain="web-1"}',
  ]);
  expectAssets(import.meta.dir, samples.keys());
});

test("libvirt: a domain that tells less while another client asks is asked once more, and one that stays so is not", async () => {
  const instance = new InstanceUnderTest(libvirt, { ...virsh(recordedDomains), pools_max: 0 });
  const rss = 'libvirt_domain_memory_stats_rss_bytes{domain="web-1"}';
  const tells = async () => (await instance.tick()).samples.has(rss);
  const questions = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n").length;
  expect(await tells()).toBe(true);
  writeFileSync(join(folder, "domains"), busyDomains);
  writeFileSync(join(folder, "next"), recordedDomains);
  expect([await tells(), questions()]).toEqual([true, 3]);
  writeFileSync(join(folder, "domains"), busyDomains);
  expect([await tells(), questions()]).toEqual([false, 5]);
  expect([await tells(), questions()]).toEqual([false, 6]);
});

withVirsh("libvirt: virsh's own test driver is understood", async () => {
  const { samples, degraded } = await new InstanceUnderTest(libvirt, {
    uri: "test:///default",
  }).tick();
  expect(degraded).toEqual([]);
  expect(Object.fromEntries(samples)).toEqual({
    libvirt_up: 1,
    'libvirt_domain_info_vstate{domain="test"}': 1,
    'libvirt_pool_info_capacity_bytes{pool="default-pool"}': 107_374_182_400,
    'libvirt_pool_info_allocation_bytes{pool="default-pool"}': 0,
    'libvirt_pool_info_available_bytes{pool="default-pool"}': 107_374_182_400,
  });
});

withVirsh("libvirt: a hypervisor that is not there is told with virsh's reason", async () => {
  const uri = `test://${folder}/none.xml`;
  expect(await reasonOf({ uri })).toContain(`${folder}/none.xml`);
});

test("libvirt: it is asked without a right to change anything, and pools in one run", async () => {
  const id = "dabbf51e-7f68-475a-a2ca-b700eecae766";
  const list = ` ${id}\n images; destroy web-1\n ${id.replace("d", "e")}\n`;
  const options = { ...virsh(recordedDomains, { ...recordedPools, list }), pools_max: 5 };
  await new InstanceUnderTest(libvirt, options).tick();
  const begin = "--readonly --quiet --connect qemu:///system";
  expect(readFileSync(join(folder, "asked"), "utf8").trim().split("\n")).toEqual([
    `${begin} domstats --raw --nowait`,
    `${begin} pool-list --uuid`,
    `${begin} pool-info --bytes ${id}; pool-info --bytes ${id.replace("d", "e")}`,
  ]);
});

test("libvirt: what is beyond a limit is told, odd answers are no trouble, and no program is a reason", async () => {
  const odd = `  lost=1\n${recordedDomains}Domain: 'o'dd'\n  state.state=x\n  block.count=99999999\n  net.count=-1\n`;
  const instance = new InstanceUnderTest(libvirt, { ...virsh(odd), pools_max: 0 });
  const { samples } = await instance.tick();
  expect([...samples.keys()].filter((key) => key.includes("o'dd"))).toEqual([]);
  expect([...samples.keys()].filter((key) => key.includes("pool"))).toEqual([]);
  const few = new InstanceUnderTest(libvirt, { ...virsh(recordedDomains), domains_max: 1 });
  expect((await few.tick()).degraded).toEqual(["1 domains are beyond domains_max"]);
  expect(await reasonOf({ command: ["/nowhere/virsh"] })).toContain("can't run /nowhere/virsh");
  const refused = "echo 'error: failed to connect' >&2; echo 'error: Access denied' >&2; exit 1";
  expect(await reasonOf({ command: ["/bin/sh", "-c", refused] })).toBe("Access denied");
});

function reasonOf(options: object): Promise<string> {
  return new InstanceUnderTest(libvirt, options).tick().then(() => "answered", messageOf);
}

test("libvirt: found by its daemon, or by the socket that starts it", async () => {
  const files = { "/usr/bin/virsh": "", "/run/libvirt/virtqemud-sock-ro": "" };
  const processes = [{ name: "libvirtd" }];
  expect(await libvirt.detect(hostOf({ files, processes }))).toEqual([
    {
      confidence: 0.9,
      because: [
        "process libvirtd (pid 100)",
        "socket /run/libvirt/virtqemud-sock-ro",
        "/usr/bin/virsh is installed",
      ],
      options: {},
      needs: [],
    },
  ]);
  const [bare] = await libvirt.detect(hostOf({ processes }));
  expect(bare?.needs.map(({ key }) => key)).toEqual(["command"]);
  expect(await libvirt.detect(hostOf({ files: { "/usr/bin/virsh": "" } }))).toEqual([]);
});
