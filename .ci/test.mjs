// `npm test`: makes the clone ready, installs the servers that tests run against where it may, checks the code, runs the tests.
// Arguments are handed to `bun test`, such as paths. The last line is "N passed, N failed, N skipped".
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bootstrap, bun, root, run } from "./bootstrap.mjs";

/** Program that a test needs, and the Debian package it comes from. */
const programs = [
  ["nats-server", "nats-server"],
  ["chromium", "chromium"],
  ["chromium-headless-shell", "chromium-headless-shell"],
  ["prometheus", "prometheus"],
  ["promtool", "prometheus"],
  ["prometheus-alertmanager", "prometheus-alertmanager"],
  ["prometheus-node-exporter", "prometheus-node-exporter"],
  ["prometheus-process-exporter", "prometheus-process-exporter"],
  ["prometheus-blackbox-exporter", "prometheus-blackbox-exporter"],
  ["prometheus-apache-exporter", "prometheus-apache-exporter"],
  ["prometheus-mysqld-exporter", "prometheus-mysqld-exporter"],
  ["prometheus-nginx-exporter", "prometheus-nginx-exporter"],
  ["prometheus-redis-exporter", "prometheus-redis-exporter"],
  ["prometheus-squid-exporter", "prometheus-squid-exporter"],
  ["prometheus-varnish-exporter", "prometheus-varnish-exporter"],
  ["/usr/lib/postgresql", "postgresql"],
  ["faketime", "faketime"],
  ["openssl", "openssl"],
  ["minisign", "minisign"],
  ["memcached", "memcached"],
  ["/lib/systemd/systemd", "systemd"],
  ["chronyd", "chrony"],
  ["named", "bind9"],
  ["postfix", "postfix"],
  ["nginx", "nginx-light"],
  ["apache2", "apache2-bin"],
  ["redis-server", "redis-server"],
  ["mariadbd", "mariadb-server-core"],
  ["fail2ban-server", "fail2ban"],
  ["haproxy", "haproxy"],
  ["squid", "squid"],
  ["virsh", "libvirt-clients"],
  ["varnishd", "varnish"],
  ["/etc/php", "php-fpm"],
  ["shellcheck", "shellcheck"],
  ["etcd", "etcd-server"],
  ["kcat", "kcat"],
  ["/usr/lib/rabbitmq", "rabbitmq-server"],
  ["ip", "iproute2"],
  ["/usr/share/doc/libbsd0", "libbsd0"],
];

/** Packages that stand where another of their kind may be, which is not taken off a machine for a test. */
const replacing = new Set(["chrony", "postfix"]);

/** Packages whose files are only unpacked, below node_modules/.cache/unpacked: installed, they would take another of their kind off the machine. */
const unpacked = ["ntpsec"];

/** So many files whose tests failed beside others run again, alone: a busy machine makes a server late. More of them are no accident. */
const againMax = 4;

/** A folder of a run that is gone is removed when nothing was made in it for so long. */
const staleMs = 3_600_000;

/** Files side by side, as those from end to end wait more than they compute; what they have in common is loaded once by each process. */
const sideBySide = [`--parallel=${cpus().length + 1}`, "--no-isolate"];

/** What is promised within seconds, what goes by shares of a core, and what is compared with another server by the second is measured while nothing else runs; an installation, and bodies that take all the memory they may, keep disk and cores to themselves anyway. */
const alone = [
  "conformance/alertmanager/differential",
  "end_to_end/bad_targets",
  "end_to_end/first_light",
  "end_to_end/freshness",
  "end_to_end/full_disk",
  "end_to_end/graceful_stop",
  "end_to_end/heavy_queries",
  "end_to_end/log_tails",
  "fuzz/request_bombs",
].map((name) => `test/${name}.test.ts`);

bootstrap();
installPrograms();
unpackPrograms();
if (process.argv.length === 2) run(bun, [".ci/check.ts"]);
await runTests(process.argv.slice(2));

function isThere(program) {
  if (program.startsWith("/")) return existsSync(program);
  const found = spawnSync("sh", ["-c", `command -v "${program}"`], { env: withSbin() });
  return found.status === 0;
}

function withSbin() {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
}

function installPrograms() {
  const missing = programs.filter(([program]) => !isThere(program));
  if (missing.length === 0) return;
  const canInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  const packages = [...new Set(missing.map(([, name]) => name))];
  if (!canInstall) {
    console.error(`Not on PATH, so tests that need them are skipped: ${packages.join(", ")}`);
    return;
  }
  console.error(`Installing ${packages.join(", ")} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const quiet = { env, stdio: ["ignore", "ignore", 2] };
  const groups = [
    ["update"],
    ["install", ...packages.filter((name) => !replacing.has(name))],
    ...packages
      .filter((name) => replacing.has(name))
      .map((name) => ["--no-remove", "install", name]),
  ];
  for (const words of groups.filter((each) => each[0] === "update" || each.length > 1)) {
    try {
      run("apt-get", ["-y", "-qq", "--no-install-recommends", ...words], quiet);
    } catch (error) {
      console.error(`Installation failed, so tests that need it are skipped: ${error.message}`);
    }
  }
}

/** What can't be had is skipped by its tests, which say so. */
function unpackPrograms() {
  if (!existsSync("/usr/bin/apt-get")) return;
  for (const name of unpacked) {
    const folder = join(root, "node_modules/.cache/unpacked", name);
    if (existsSync(folder)) continue;
    const download = mkdtempSync(join(tmpdir(), "lapwing-unpack-"));
    const options = { cwd: download, stdio: ["ignore", "ignore", "ignore"] };
    spawnSync("apt-get", ["-qq", "download", name], options);
    const file = readdirSync(download).find((each) => each.endsWith(".deb"));
    // It is there as a whole or not at all.
    if (file !== undefined && spawnSync("dpkg", ["-x", file, "files"], options).status === 0) {
      mkdirSync(dirname(folder), { recursive: true });
      cpSync(join(download, "files"), folder, { recursive: true });
    } else console.error(`${name} could not be unpacked, so tests that need it are skipped.`);
    rmSync(download, { recursive: true, force: true });
  }
}

/**
 * Tests make their folders below one of this run, so that nothing stays behind of those that were killed: it goes at the end, and what runs
 * that were killed themselves have left goes now. Other users' servers must get in.
 */
function ownTemporaryFolder() {
  const all = tmpdir();
  for (const name of readdirSync(all)) {
    const [, pid] = /^lapwing-run-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    // Another container may have the same folder and other processes.
    if (Date.now() - statSync(join(all, name)).mtimeMs > staleMs)
      rmSync(join(all, name), { recursive: true, force: true });
  }
  const own = join(all, `lapwing-run-${process.pid}`);
  mkdirSync(own, { recursive: true });
  chmodSync(own, 0o1777);
  process.on("exit", () => rmSync(own, { recursive: true, force: true }));
  return own;
}

/**
 * The files that run side by side, as they are begun: those of a room first, then those from end to end. Of these the ones with a browser compute all the
 * time and the others wait, so they are mixed.
 */
function inOrder() {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !["node_modules", ".git"].includes(entry.name))
    .flatMap(({ name }) =>
      readdirSync(join(root, name), { recursive: true }).map((path) => `${name}/${path}`),
    );
  const files = folders
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".test.ts") && !path.includes("/node_modules/"))
    .filter((path) => !alone.includes(path))
    .toSorted();
  const ofUi = files.filter((path) => path.startsWith("test/end_to_end/ui"));
  const fromEndToEnd = files.filter(
    (path) => path.startsWith("test/end_to_end/") && !ofUi.includes(path),
  );
  const rest = files.filter((path) => !path.startsWith("test/end_to_end/"));
  const every = Math.max(1, Math.floor(fromEndToEnd.length / (ofUi.length + 1)));
  const mixed = fromEndToEnd.flatMap((path, i) =>
    i % every === 0 && i / every < ofUi.length ? [ofUi[i / every], path] : [path],
  );
  return [...rest, ...mixed].map((path) => `./${path}`);
}

async function runTests(args) {
  const env = existsSync("/proc") ? { ...withSbin(), TMPDIR: ownTemporaryFolder() } : withSbin();
  const runs = args.length > 0 ? [args] : [[...sideBySide, ...inOrder()], alone];
  const ended = [];
  for (const each of runs) ended.push(await bunTest(each, env));
  const skipped = new Set(ended.flatMap((each) => [...each.skipped]));
  const failed = new Map(ended.flatMap((each) => [...each.failed]));
  const sum = (word) => ended.reduce((total, { counts }) => total + counts[word], 0);
  const late = args.length > 0 ? [] : await passedAlone(failed, sum("fail"), env);
  for (const name of late) failed.delete(name);
  if (skipped.size > 0)
    console.log(`\nSkipped:\n${[...skipped].map((name) => `  ${name}`).join("\n")}`);
  if (late.length > 0)
    console.log(
      `\nFailed beside others, passed alone:\n${late.map((name) => `  ${name}`).join("\n")}`,
    );
  if (failed.size > 0)
    console.log(`\nFailed:\n${[...failed.keys()].map((name) => `  ${name}`).join("\n")}`);
  const fail = sum("fail") - late.length;
  console.log(`\n${sum("pass") + late.length} passed, ${fail} failed, ${sum("skip")} skipped`);
  const isGood = ended.every(
    ({ code, counts }) => (code === 0 || (counts.fail > 0 && fail === 0)) && counts.pass > 0,
  );
  process.exitCode = isGood ? 0 : 1;
}

/** Runs the files of failed tests once more. Returns the names of those that pass now; none where the failures can't be told apart. */
async function passedAlone(failed, fails, env) {
  const files = [...new Set(failed.values())];
  if (failed.size !== fails || files.length > againMax) return [];
  const passed = [];
  for (const file of files) {
    const again = await bunTest([file], env);
    if (again.code !== 0) continue;
    for (const [name, of] of failed) if (of === file) passed.push(name);
  }
  return passed;
}

/** `failed`: names of tests, and the file of each. */
async function bunTest(args, env) {
  const command = ["test", "--timeout", "60000", ...args];
  const child = spawn(bun, command, { cwd: root, env, stdio: "pipe" });
  const counts = { pass: 0, skip: 0, fail: 0 };
  const skipped = new Set();
  const failed = new Map();
  let file = "";
  const watch = (stream, out) => {
    let rest = "";
    stream.on("data", (chunk) => {
      out.write(chunk);
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        // oxlint-disable-next-line no-control-regex -- colours of the test runner
        const plain = line.replace(/\u001b\[[0-9;]*m/g, "");
        const [, count, word] = /^\s*(\d+) (pass|skip|fail)$/.exec(plain) ?? [];
        if (word) counts[word] = Number(count);
        const [, header] = /^(\S+\.test\.tsx?):$/.exec(plain) ?? [];
        if (header) file = header;
        // With the time it took.
        if (plain.startsWith("(skip) ")) skipped.add(plain.slice(7));
        // Listed again in the summary, below another file.
        const [, failure] = /^\(fail\) (.*)$/.exec(plain) ?? [];
        if (failure && !failed.has(failure)) failed.set(failure, file);
      }
    });
  };
  watch(child.stdout, process.stdout);
  watch(child.stderr, process.stderr);
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, counts, skipped, failed };
}
