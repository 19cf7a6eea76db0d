import { afterAll, expect, test } from "bun:test";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { NotificationTemplates } from "../templates/notification_templates.ts";
import { notificationOf, nowMs, plainParts, sendBy } from "../service.fixture.ts";
import { email } from "./send.ts";

const templates = new NotificationTemplates();
const parts = {
  ...plainParts,
  textsOf: (notification: ReturnType<typeof notificationOf>) =>
    templates.textsOf(notification, nowMs),
};

type Mail = { data: string; from: string; to: string[]; user: string; secure: boolean };

async function smtpServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    onAuth: (auth, _session, done) => {
      const { username, password, method } = auth;
      const isRight =
        username === "me" &&
        (method === "CRAM-MD5" ? auth.validatePassword("pw") : password === "pw");
      if (isRight) done(null, { user: "me" });
      else done(new Error("wrong password"));
    },
    onData: (stream, { envelope, user, secure }, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = envelope;
        mails.push({
          data: Buffer.concat(chunks).toString(),
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: String(user ?? ""),
          secure,
        });
        done();
      });
    },
    ...options,
  });
  // A client that refuses the certificate hangs up.
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return { mails, smarthost: `127.0.0.1:${address.port}` };
}

const tls = { tls_config: { insecure_skip_verify: true } };
const common = { to: "Ops <ops@x.example>, b@x.example", from: "Lapwing <a@x.example>" };

for (const method of ["PLAIN", "LOGIN", "CRAM-MD5"])
  test(`email is sent by STARTTLS with AUTH ${method}`, async () => {
    const { mails, smarthost } = await smtpServer({ authMethods: [method] });
    const secret = method === "CRAM-MD5" ? { auth_secret: "pw" } : { auth_password: "pw" };
    const config = { ...common, ...tls, ...secret, smarthost, auth_username: "me" };
    const outcome = await sendBy(email, config, { parts });
    expect(outcome).toMatchObject({ kind: "sent" });
    expect(mails[0]).toMatchObject({
      from: "a@x.example",
      to: ["ops@x.example", "b@x.example"],
      user: "me",
      secure: true,
    });
    const { data = "" } = mails[0] ?? {};
    expect(data).toContain("Subject: [FIRING:1] DiskFull (db<1> critical)");
    expect(data).toContain("Content-Type: text/html");
    expect(data).toContain("Content-Transfer-Encoding: quoted-printable");
    expect(data).toContain("instance=3Ddb&lt;1&gt;");
    const wrong = await sendBy(
      email,
      { ...config, auth_password: "no", auth_secret: "no" },
      { parts },
    );
    expect(wrong).toMatchObject({ kind: "failed", reason: "authError", isRetried: false });
  });

test("email is sent by TLS from the start", async () => {
  const { mails, smarthost } = await smtpServer({ secure: true });
  const config = { ...common, ...tls, smarthost, force_implicit_tls: true };
  expect(await sendBy(email, config, { parts })).toMatchObject({ kind: "sent" });
  expect(mails[0]?.secure).toBe(true);
});

test("email refuses a server without STARTTLS, unless require_tls is false", async () => {
  const { mails, smarthost } = await smtpServer({ disabledCommands: ["STARTTLS"] });
  const refused = await sendBy(email, { ...common, smarthost }, { parts });
  expect([refused.kind, mails.length]).toEqual(["failed", 0]);
  const config = { ...common, smarthost, require_tls: false, text: "{{ .Status }}" };
  expect(await sendBy(email, config, { parts })).toMatchObject({ kind: "sent" });
  expect(mails[0]?.data).toContain("multipart/alternative");
});

test("email refuses a certificate that it does not trust", async () => {
  const { mails, smarthost } = await smtpServer();
  const outcome = await sendBy(email, { ...common, smarthost }, { parts });
  expect([outcome.kind, mails.length]).toEqual(["failed", 0]);
});

test("email threads a group, and takes headers of one's own", async () => {
  const { mails, smarthost } = await smtpServer();
  const threading = { enabled: true, thread_by_date: "daily" };
  const headers = { subject: "x\r\nBcc: evil@x.example", "X-Team": "{{ .Receiver }}" };
  await sendBy(email, { ...common, ...tls, smarthost, threading, headers }, { parts });
  const { data = "" } = mails[0] ?? {};
  expect(data).toMatch(/In-Reply-To: <alert-[0-9a-f]{16}-2026-01-02@lapwing>/);
  expect(data).toContain("X-Team: team");
  expect(data).not.toMatch(/^Bcc:/m);
});

test("email shows a chart within the message, with facts and links", async () => {
  const { mails, smarthost } = await smtpServer();
  const png = Buffer.from("\x89PNG not drawn here");
  const detailsOf = () =>
    Promise.resolve({
      chart: { png, alt: 'Chart of "DiskFull"', link: () => undefined, settled: async () => {} },
      facts: [{ name: "Value", value: "97.2 % <b>" }],
      links: [{ title: "Silence", url: "http://lapwing.example/alerts?a=1&b=$&" }],
    });
  const config = { ...common, ...tls, smarthost, text: "{{ .Status }}", chart: true };
  const outcome = await sendBy(email, config, { parts: { ...parts, detailsOf } });
  expect(outcome).toMatchObject({ kind: "sent" });
  const data = (mails[0]?.data ?? "").replaceAll("=\r\n", "").replaceAll("=3D", "=");
  expect(data).toContain("Content-Type: multipart/related");
  expect(data).toContain('<img src="cid:chart" alt="Chart of &quot;DiskFull&quot;"');
  expect(data).toContain("97.2 % &lt;b&gt;");
  expect(data).toContain('href="http://lapwing.example/alerts?a=1&amp;b=$&amp;"');
  expect(data).toContain("Content-ID: <chart>");
  expect(data).toContain("Content-Disposition: inline; filename=chart.png");
  expect(data).toContain(png.toString("base64").replace(/=+$/, ""));
  expect(data).toContain("Value: 97.2 % <b>");
  await sendBy(email, { ...config, chart: false }, { parts: { ...parts, detailsOf } });
  expect(mails[1]?.data).not.toMatch(/97\.2|cid:|id=3D"details"/);
});

test("email ends with its signal, and says whether the server's refusal is final", async () => {
  const hanging = await smtpServer({ onConnect: () => {} });
  const signal = AbortSignal.timeout(100);
  const late = await sendBy(email, { ...common, smarthost: hanging.smarthost }, { parts, signal });
  expect(late).toMatchObject({ reason: "contextDeadlineExceeded", isRetried: true });
  for (const [code, isRetried] of [
    [450, true],
    [550, false],
  ] as const) {
    const server = await smtpServer({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error("not here"), { responseCode: code })),
    });
    const config = { ...common, ...tls, smarthost: server.smarthost };
    expect(await sendBy(email, config, { parts })).toMatchObject({ kind: "failed", isRetried });
  }
});

test("email's configuration names its mistakes", () => {
  expect(sendBy(email, { to: "a@b" })).rejects.toThrow(
    "no from address: expected from, or smtp_from in global; no SMTP server: expected smarthost, or smtp_smarthost in global",
  );
});
