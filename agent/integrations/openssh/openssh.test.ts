import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { throughLogs } from "#test/support/log_entry.ts";
import { OpensshConfig } from "./config.ts";
import { openssh } from "./integration.ts";

/** It wants to be called by its path. */
const program = Bun.which("sshd", { PATH: "/usr/sbin:/usr/local/sbin" });
// As another user it lets in that user alone, and wants more of the machine.
const withServer = test.skipIf(program === null || process.getuid?.() !== 0);
const folder = mkdtempSync(join(tmpdir(), "lapwing-openssh-"));

afterAll(() => rmSync(folder, { recursive: true }));

const own = 'instance="localhost:22",job="openssh"';
/** As a syslog daemon writes messages of sshd. */
const written = (messages: readonly string[], identifier = "sshd") =>
  messages.map((message) => `Nov 21 10:00:00 host ${identifier}[7]: ${message}`);
const [entry] = openssh.logs?.(OpensshConfig.parse({})) ?? [];

/** Messages of OpenSSH 9.2, and what they are counted as. */
const accepted = [
  "Accepted publickey for ann from 192.0.2.1 port 44928 ssh2: ED25519 SHA256:VeDLPiYc/HMZZO9ACSP4L",
  "pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)",
  "pam_unix(sshd:session): session closed for user ann",
];
const failed = [
  "Failed password for root from 192.0.2.7 port 2222 ssh2",
  "Failed password for invalid user admin from 2001:db8::7 port 2222 ssh2",
  "Failed keyboard-interactive/pam for invalid user a b from 192.0.2.8 port 2 ssh2",
  "Failed none for invalid user x from 10.0.0.1 port 1 ssh2 from 192.0.2.9 port 22 ssh2",
];
const refused = [
  "Invalid user admin from 192.0.2.7 port 2222",
  "Connection closed by authenticating user root 192.0.2.7 port 44932 [preauth]",
  "Unable to negotiate with 192.0.2.7 port 5: no matching key exchange method found. Their offer: x [preauth]",
  "User bob from 192.0.2.7 not allowed because not listed in AllowUsers",
  "error: maximum authentication attempts exceeded for root from 192.0.2.7 port 5 ssh2 [preauth]",
  "drop connection #10 from [192.0.2.7]:5 on [192.0.2.1]:22 past MaxStartups",
];

test("openssh: log-ins and failures are counted by method and reason, and an invented name can't pass for an address", () => {
  const lines = [...written(accepted), ...written(failed, "sshd-session"), ...written(refused)];
  const { records, series } = throughLogs(entry, lines);
  expect(Object.fromEntries(series)).toEqual({
    [`openssh_authentications_total{${own},method="publickey",outcome="accepted"}`]: 1,
    [`openssh_logins_total{${own},method="publickey",user="ann"}`]: 1,
    [`openssh_authentications_total{${own},method="password",outcome="failed"}`]: 1,
    [`openssh_authentications_total{${own.replace(",job", ',invalid_user="true",job')},method="password",outcome="failed"}`]: 1,
    [`openssh_authentications_total{${own.replace(",job", ',invalid_user="true",job')},method="keyboard-interactive",outcome="failed"}`]: 1,
    [`openssh_authentications_total{${own.replace(",job", ',invalid_user="true",job')},method="none",outcome="failed"}`]: 1,
    [`openssh_sessions_opened_total{${own}}`]: 1,
    [`openssh_sessions_closed_total{${own}}`]: 1,
    [`openssh_refusals_total{${own},reason="invalid_user"}`]: 1,
    [`openssh_refusals_total{${own},reason="connection_closed_by_authenticating_user"}`]: 1,
    [`openssh_refusals_total{${own},reason="unable_to_negotiate"}`]: 1,
    [`openssh_refusals_total{${own},reason="not_allowed_because"}`]: 1,
    [`openssh_refusals_total{${own},reason="maximum_authentication_attempts_exceeded"}`]: 1,
    [`openssh_refusals_total{${own},reason="drop_connection"}`]: 1,
  });
  expect(records[4]).toMatchObject({
    body: failed[1],
    attributes: { outcome: "failed", user: "admin", address: "2001:db8::7", invalid_user: "true" },
    severity: 13,
  });
  expect(records[6]?.attributes["address"]).toBe("192.0.2.9");
  expect(records[11]?.severity).toBe(17);
});

test("openssh: lines of other programs in the same file stay what they are", () => {
  const { records, series } = throughLogs(entry, [
    ...written(["Accepted password for x from 192.0.2.1 port 1 ssh2"], "su"),
    "no line of syslog",
  ]);
  expect(records.map(({ stream }) => stream)).toEqual([{ job: "files" }, { job: "files" }]);
  expect(series.size).toBe(0);
});

withServer("openssh: a log-in and a refusal at a real server", async () => {
  const port = await freePort();
  const log = join(folder, "log");
  for (const name of ["host", "user", "other"])
    await Bun.$`ssh-keygen -q -t ed25519 -N ${""} -f ${folder}/${name}`.quiet();
  writeFileSync(
    join(folder, "config"),
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${folder}/host\nPidFile none\nAuthorizedKeysFile ${folder}/user.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n`,
  );
  await Bun.$`mkdir -p /run/sshd`.quiet();
  const server = Bun.spawn([program ?? "", "-D", "-f", join(folder, "config"), "-E", log], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const instance = new InstanceUnderTest(openssh, { port });
  const signal = AbortSignal.timeout(4_500);
  let samples = await upSamples(instance);
  while (samples === undefined) {
    signal.throwIfAborted();
    await Bun.sleep(20);
    samples = await upSamples(instance);
  }
  expect(samples.get("openssh_listeners")).toBe(1);
  const options =
    "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes".split(
      " ",
    );
  const login = (key: string, user: string) =>
    Bun.$`ssh ${options} -p ${port} -i ${folder}/${key} ${user}@127.0.0.1 true`.quiet().nothrow();
  expect((await login("user", "root")).exitCode).toBe(0);
  expect((await login("other", "root")).exitCode).toBe(255);
  // The client is gone before the server says so.
  const refusals = / (closed|reset) by authenticating user /;
  let text = "";
  while (!refusals.test(text)) {
    signal.throwIfAborted();
    await Bun.sleep(20);
    text = await Bun.file(log).text();
  }
  server.kill();
  await server.exited;
  const messages = text.trimEnd().split("\n");
  const { series } = throughLogs(entry, written(messages.map((line) => line.trim())));
  expect(series.get(`openssh_logins_total{${own},method="publickey",user="root"}`)).toBe(1);
  const reason = [...series.keys()].find((name) => name.startsWith("openssh_refusals_total"));
  expect(reason).toMatch(/reason="connection_(closed|reset)_by_authenticating_user"/);
});

async function upSamples(instance: InstanceUnderTest) {
  return (await instance.tick().catch(() => undefined))?.samples;
}

test("openssh: it is up while someone listens on its port; dashboard and rules use what is collected", async () => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { samples } = await new InstanceUnderTest(openssh, { port: listener.port }).tick();
  expect(samples.get("openssh_listeners")).toBe(1);
  const { series } = throughLogs(entry, written([...accepted, ...failed, ...refused]));
  expectAssets(import.meta.dir, [...samples.keys(), ...series.keys()]);
  const { port } = listener;
  listener.stop(true);
  const gone = new InstanceUnderTest(openssh, { port });
  expect(await gone.tick().then(() => "", messageOf)).toBe(`nobody listens on port ${port} (TCP)`);
});

test("openssh: found by process and port, with the journal where there is no file", async () => {
  const listeners = [{ host: "0.0.0.0", port: 2_222, pid: 100 }];
  const host = { processes: [{ name: "sshd" }], listeners, units: ["ssh.service"] };
  const [found] = await openssh.detect(hostOf(host));
  expect(found?.options).toEqual({ port: 2_222, log_files: [], journal_units: ["ssh.service"] });
  const [usual] = await openssh.detect(
    hostOf({ ...host, listeners: [{ port: 22, pid: 100 }], files: { "/var/log/auth.log": "" } }),
  );
  expect(usual?.options).toEqual({});
});
