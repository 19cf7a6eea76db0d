import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { throughLogs } from "#test/support/log_entry.ts";
import { Conversation } from "../connections/conversation.ts";
import { PostfixConfig } from "./config.ts";
import { postfix } from "./integration.ts";
import { QueueListing } from "./queue_listing.ts";

const programs = "/usr/lib/postfix/sbin";
// Postfix gives up root's rights by itself, so it has to have them.
const canRun = Bun.which("postfix") !== null && process.getuid?.() === 0;
const withServer = test.skipIf(!canRun);
const folder = mkdtempSync(join(tmpdir(), "lapwing-postfix-"));
const queue = join(folder, "queue");
const etc = join(folder, "etc");
let server: Bun.Subprocess | undefined;
let port = 0;

/** Takes mail on a port of its own, and puts it on hold. */
beforeAll(async () => {
  if (!canRun) return;
  port = await freePort();
  for (const name of ["etc", "queue", "data"]) mkdirSync(join(folder, name), { mode: 0o755 });
  await Bun.$`chmod 755 ${folder} && chown postfix ${folder}/data`.quiet();
  const main = {
    compatibility_level: "3.6",
    queue_directory: queue,
    data_directory: join(folder, "data"),
    daemon_directory: programs,
    myhostname: "mail.example.test",
    mydestination: "",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    alias_maps: "",
    alias_database: "",
    smtpd_recipient_restrictions:
      "check_recipient_access inline:{ refused@elsewhere.test=REJECT }, check_recipient_access static:HOLD, permit_mynetworks, reject",
    // No names are looked up, which may take long.
    smtpd_peername_lookup: "no",
  };
  const lines = Object.entries(main).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(join(etc, "main.cf"), `${lines.join("\n")}\n`);
  const services = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    ...["pickup", "qmgr"].map((name) => `${name} unix n - n 300 1 ${name}`),
    "rewrite unix - - n - - trivial-rewrite",
    "cleanup unix n - n - 0 cleanup",
    "flush unix n - n 1000? 0 flush",
    ...["bounce", "defer", "trace"].map((name) => `${name} unix - - n - 0 bounce`),
    ...["smtp", "error", "anvil", "scache", "proxymap"].map(
      (name) => `${name} unix - - n - - ${name}`,
    ),
    "showq unix n - n - - showq",
    "retry unix - - n - - error",
  ];
  writeFileSync(join(etc, "master.cf"), `${services.join("\n")}\n`);
  // As postfix-script makes them, which takes a second.
  for (const name of "active bounce corrupt defer deferred flush hold incoming private saved trace".split(
    " ",
  ))
    mkdirSync(join(queue, name), { mode: 0o700 });
  for (const name of ["maildrop", "public", "pid"]) mkdirSync(join(queue, name));
  await Bun.$`cd ${queue} && chown postfix * && chown root pid && chgrp postdrop maildrop public && chmod 730 maildrop && chmod 2710 public`.quiet();
  server = Bun.spawn([join(programs, "master"), "-c", etc], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const signal = AbortSignal.timeout(20_000);
  while (!(await isUp(signal))) await Bun.sleep(20);
}, 25_000);

afterAll(async () => {
  server?.kill();
  await server?.exited;
  rmSync(folder, { recursive: true });
});

async function isUp(signal: AbortSignal): Promise<boolean> {
  try {
    (await Conversation.open({ host: "127.0.0.1", port }, signal)).close();
    await new InstanceUnderTest(postfix, { config_directory: etc }).tick();
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Says a line of SMTP and gives the answer, without the lines that go on. */
async function say(talk: Conversation, line: string): Promise<string> {
  if (line !== "") talk.send(`${line}\r\n`);
  for (;;) {
    const answer = await talk.line();
    if (!/^\d{3}-/.test(answer)) return answer;
  }
}

const [entry] = postfix.logs?.(PostfixConfig.parse({})) ?? [];
/** Program and message, as Postfix 3.7 writes them; a server under test has no certificates, log-ins, or others to reach. */
const messages = [
  [
    "smtp",
    "4C1: to=<a@b.test>, relay=mx.b.test[192.0.2.1]:25, delay=2.1, delays=0.1/0.2/0.5/1.3, dsn=2.0.0, status=sent (250 ok)",
  ],
  [
    "pipe",
    "4C2: to=<c@b.test>, orig_to=<d@b.test>, relay=maildrop, delay=0.3, delays=0.1/0/0/0.2, dsn=5.1.1, status=bounced (user unknown)",
  ],
  [
    "smtp",
    "Trusted TLS connection established to mx.b.test[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
  ],
  ["smtp", "connect to mx.c.test[192.0.2.2]:25: Connection timed out"],
  ["submission/smtpd", "4C3: client=c.test[192.0.2.3], sasl_method=PLAIN, sasl_username=eve"],
  ["smtpd", "warning: c.test[192.0.2.3]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"],
  [
    "smtpd",
    "NOQUEUE: reject: RCPT from unknown[192.0.2.4]: 554 5.7.1 <x@y>: Relay access denied; from=<x@z> to=<x@y>",
  ],
  ["smtpd", "lost connection after EHLO from unknown[192.0.2.4]"],
  [
    "smtpd",
    "Anonymous TLS connection established from c.test[192.0.2.3]: TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)",
  ],
  ["qmgr", "4C1: removed"],
  ["qmgr", "4C1: from=<e@c.test>, size=2317, nrcpt=2 (queue active)"],
  ["cleanup", "4C1: message-id=<20261121.4C1@c.test>"],
  ["smtpd", "connect from c.test[192.0.2.3]"],
  [
    "smtp",
    "4C4: to=<a@b.test>, relay=none, delay=0.02, delays=0.01/0.01/0/0, dsn=4.4.1, status=deferred (connect to b.test[192.0.2.1]:25: Connection refused)",
  ],
];
const written = (given: readonly (readonly string[])[]) =>
  given.map(
    ([service, message]) =>
      `2026-11-21T10:00:00.123456+01:00 mail postfix/${service}[7]: ${message}`,
  );

withServer(
  "postfix: messages that wait are counted by size and age, deliveries by the log",
  async () => {
    const signal = AbortSignal.timeout(10_000);
    const talk = await Conversation.open({ host: "127.0.0.1", port }, signal);
    await say(talk, "");
    await say(talk, "EHLO client");
    for (const size of [20, 5_000]) {
      await say(talk, "MAIL FROM:<>");
      expect(await say(talk, "RCPT TO:<someone@elsewhere.test>")).toStartWith("250");
      await say(talk, "DATA");
      expect(await say(talk, `Subject: test\r\n\r\n${"x".repeat(size)}\r\n.`)).toStartWith("250");
    }
    await say(talk, "MAIL FROM:<>");
    expect(await say(talk, "RCPT TO:<refused@elsewhere.test>")).toStartWith("554");
    await say(talk, "QUIT");
    talk.close();

    const instance = new InstanceUnderTest(postfix, { config_directory: etc });
    let { samples, families } = await instance.tick();
    while (samples.get('postfix_showq_message_size_bytes_count{queue="hold"}') !== 2) {
      signal.throwIfAborted();
      await Bun.sleep(20);
      ({ samples, families } = await instance.tick());
    }
    const sizes = (le: string) =>
      samples.get(`postfix_showq_message_size_bytes_bucket{queue="hold",le="${le}"}`);
    expect([sizes("1000.0"), sizes("10000.0"), sizes("+Inf")]).toEqual([1, 2, 2]);
    expect(samples.get('postfix_showq_message_age_seconds_bucket{queue="hold",le="100.0"}')).toBe(
      2,
    );
    expect(samples.get('postfix_showq_message_age_seconds_count{queue="active"}')).toBe(0);
    expect(families.get("postfix_showq_message_size_bytes_bucket")?.type).toBe("histogram");

    const { series } = throughLogs(entry, written(messages));
    expectAssets(import.meta.dir, [...samples.keys(), ...series.keys()]);
  },
);

test("postfix: lines of deliveries, TLS, log-ins and lost connections are counted as by the exporter; those of others go on as they are", () => {
  const lines = written(messages);
  const { records, series } = throughLogs(entry, [
    ...lines,
    "Nov  1 09:00:00 mail dovecot: imap-login: Login: user=<a>",
  ]);
  expect(records.at(-1)?.stream).toEqual({ job: "files" });
  expect(records.at(-1)?.attributes["syslog_identifier"]).toBe("dovecot");
  const counted = [...series]
    .filter(([name]) => !name.includes("_bucket"))
    .map(
      ([name, value]) =>
        [name.replace('instance="/etc/postfix",job="postfix"', "*"), value] as const,
    );
  expect(Object.fromEntries(counted)).toMatchObject({
    'postfix_deliveries_total{*,service="smtp",status="sent"}': 1,
    'postfix_deliveries_total{*,service="pipe",status="bounced"}': 1,
    'postfix_smtp_delivery_delay_seconds_sum{*,stage="transmission"}': 1.3,
    'postfix_pipe_delivery_delay_seconds_sum{*,relay="maildrop",stage="before_queue_manager"}': 0.1,
    "postfix_smtp_connection_timed_out_total{*}": 1,
    'postfix_smtp_tls_connections_total{algorithm_bits="256",cipher="TLS_AES_256_GCM_SHA384",*,protocol="TLSv1.3",secret_bits="256",trust="Trusted"}': 1,
    'postfix_smtpd_messages_processed_total{*,sasl_method="PLAIN"}': 1,
    "postfix_smtpd_sasl_authentication_failures_total{*}": 1,
    'postfix_smtpd_messages_rejected_total{code="554",*}': 1,
    'postfix_smtpd_connections_lost_total{after_stage="EHLO",*}': 1,
    "postfix_qmgr_messages_removed_total{*}": 1,
    "postfix_qmgr_messages_inserted_size_bytes_sum{*}": 2_317,
    "postfix_qmgr_messages_inserted_receipients_sum{*}": 2,
    "postfix_cleanup_messages_processed_total{*}": 1,
    "postfix_smtpd_connects_total{*}": 1,
    "postfix_smtp_status_deferred{*}": 1,
  });
  expect(records[0]).toMatchObject({
    body: messages[0]?.[1],
    time: "2026-11-21T09:00:00.123Z",
    attributes: { queue_id: "4C1", status: "sent", dsn: "2.0.0", relay: "mx.b.test", delay: "2.1" },
  });
  expect(records.map(({ severity }) => severity)).toEqual([
    0, 13, 0, 0, 0, 13, 13, 0, 0, 0, 0, 0, 0, 13, 0,
  ]);
  const silent = postfix.logs?.(PostfixConfig.parse({ log_metrics: false })) ?? [];
  expect(throughLogs(silent[0], lines).series.size).toBe(0);
});

test("postfix: a queue that comes in any pieces is counted alike, and what is none is named", () => {
  const head = '{"queue_name": "hold", "queue_id": "A", "arrival_time": 990, "message_size": 500,';
  const bytes = Buffer.from(`${head} "sender": "a@b.test"}\n${head} "recipients": []}\n`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const listing = new QueueListing(1_000_000);
    listing.push(bytes.subarray(0, cut));
    listing.push(bytes.subarray(cut));
    const found = new Map<string, number>();
    listing.addTo({
      add: ({ name }, value, ...labels) => void found.set([name, ...labels].join(" "), value),
    });
    expect(found.get("postfix_showq_message_age_seconds_sum hold")).toBe(20);
    expect(found.get("postfix_showq_message_size_bytes_sum hold")).toBe(1_000);
  }
  expect(pushing(Buffer.from("Mail queue is empty\n"))).toThrow(
    'postqueue\'s listing is of an unknown form: "Mail queue is empty"',
  );
  expect(pushing(new Uint8Array(5_000_000))).toThrow("of an unknown form");
});

function pushing(bytes: Uint8Array): () => void {
  return () => new QueueListing(0).push(bytes);
}

withServer("postfix: one that is not there is down with the reason", async () => {
  const gone = new InstanceUnderTest(postfix, { config_directory: join(folder, "gone") });
  expect(await gone.tick().then(() => "answered", messageOf)).toMatch(
    /postqueue ended with 69: .*main\.cf/,
  );
});

test("postfix: found by its master, and its log where that is", async () => {
  const processes = [{ name: "master", args: ["/usr/lib/postfix/sbin/master", "-w"] }];
  const files = { "/etc/postfix/main.cf": "", "/var/log/mail.log": "" };
  const [found] = await postfix.detect(hostOf({ processes, files }));
  expect(found).toMatchObject({ confidence: 0.9, options: {}, needs: [] });
  const [journal] = await postfix.detect(hostOf({ processes, units: ["postfix@-.service"] }));
  expect(journal?.options).toEqual({ log_files: [], journal_units: ["postfix@-.service"] });
  const other = [{ name: "master", args: ["nginx"] }];
  expect(await postfix.detect(hostOf({ processes: other }))).toEqual([]);
});
