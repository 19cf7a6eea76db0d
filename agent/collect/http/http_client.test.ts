import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { httpGet } from "./http_client.ts";
import { httpClientShape } from "#shared/http/client_config.ts";

const Client = z.strictObject(httpClientShape());
const hasOpenssl = Bun.which("openssl") !== null;
let folder = "";
const file = (name: string) => join(folder, name);

async function openssl(...args: string[]): Promise<void> {
  const made = Bun.spawn(["openssl", ...args], { cwd: folder, stdout: "ignore", stderr: "pipe" });
  if ((await made.exited) !== 0) throw new Error(await new Response(made.stderr).text());
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-scrape-"));
  await Bun.write(file("password"), "from file\n");
  if (!hasOpenssl) return;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=Test CA",
  );
  for (const [name, host] of [
    ["server", "server.test"],
    ["client", "client.test"],
  ] as const) {
    await openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-subj",
      `/CN=${host}`,
      "-addext",
      `subjectAltName=DNS:${host}`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-addext",
      "basicConstraints=CA:FALSE",
    );
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const get = (url: string, client: Record<string, unknown> = {}) =>
  httpGet({
    url,
    headers: {},
    client: Client.parse(client),
    timeoutMs: 5_000,
    bodyBytesMax: 1_000,
    signal: new AbortController().signal,
  });
const textOf = async (answer: ReturnType<typeof get>) =>
  new TextDecoder().decode((await answer).body);
const faultOf = async (answer: Promise<unknown>) => {
  try {
    await answer;
  } catch (thrown) {
    return String(thrown);
  }
  return "no fault";
};

async function withServer(
  options: { tls?: Bun.TLSOptions; fetch: (request: Request) => Response },
  use: (url: string, port: number) => Promise<void>,
): Promise<void> {
  const { tls, fetch } = options;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch,
    ...(tls === undefined ? {} : { tls }),
  });
  try {
    await use(server.url.toString(), server.port ?? 0);
  } finally {
    await server.stop(true);
  }
}
const echo = (request: Request) => new Response(request.headers.get("authorization") ?? "none");

test.each<[string, Record<string, unknown>, string]>([
  ["nothing", {}, "none"],
  ["basic_auth", { basic_auth: { username: "u", password: "p:w" } }, `Basic ${btoa("u:p:w")}`],
  ["bearer_token", { bearer_token: "abc" }, "Bearer abc"],
  ["authorization", { authorization: { credentials: "abc" } }, "Bearer abc"],
  ["another type", { authorization: { type: "Token", credentials: "abc" } }, "Token abc"],
])("httpGet() authorizes by %s", async (_, client, header) => {
  await withServer({ fetch: echo }, async (url) => {
    expect(await textOf(get(url, client))).toBe(header);
  });
});

test("httpGet() reads secrets from files anew for every request", async () => {
  const clients: [Record<string, unknown>, (secret: string) => string][] = [
    [
      { basic_auth: { username: "u", password_file: file("password") } },
      (secret) => `Basic ${btoa(`u:${secret}`)}`,
    ],
    [{ authorization: { credentials_file: file("password") } }, (secret) => `Bearer ${secret}`],
    [{ bearer_token_file: file("password") }, (secret) => `Bearer ${secret}`],
  ];
  await withServer({ fetch: echo }, async (url) => {
    for (const secret of ["from file", "changed"]) {
      await Bun.write(file("password"), `${secret}\n`);
      for (const [client, header] of clients)
        expect(await textOf(get(url, client))).toBe(header(secret));
    }
    expect(await faultOf(get(url, { bearer_token_file: file("absent") }))).toContain("can't read");
  });
});

test("httpGet() follows redirects, but takes no credentials to another host", async () => {
  await withServer({ fetch: echo }, async (_, otherPort) => {
    const redirect = (request: Request) =>
      new URL(request.url).pathname === "/here"
        ? echo(request)
        : Response.redirect(
            new URL(request.url).pathname === "/" ? "/here" : `http://localhost:${otherPort}/`,
            302,
          );
    await withServer({ fetch: redirect }, async (url) => {
      const client = { bearer_token: "abc" };
      expect(await textOf(get(url, client))).toBe("Bearer abc");
      expect(await textOf(get(`${url}away`, client))).toBe("none");
      expect(await faultOf(get(url, { follow_redirects: false }))).toContain("302");
    });
  });
});

test.skipIf(!hasOpenssl)(
  "httpGet() trusts the CA that it is given, and checks the name",
  async () => {
    const tls = { cert: Bun.file(file("server.pem")), key: Bun.file(file("server.key")) };
    await withServer({ tls, fetch: () => new Response("hello") }, async (_, port) => {
      const url = `https://127.0.0.1:${port}/`;
      const ca = { ca_file: file("ca.pem") };
      expect(await textOf(get(url, { tls_config: { ...ca, server_name: "server.test" } }))).toBe(
        "hello",
      );
      const inline = { ca: await Bun.file(file("ca.pem")).text(), server_name: "server.test" };
      expect(await textOf(get(url, { tls_config: inline }))).toBe("hello");
      expect(await textOf(get(url, { tls_config: { insecure_skip_verify: true } }))).toBe("hello");
      expect(await faultOf(get(url))).toMatch(/certificate/i);
      expect(await faultOf(get(url, { tls_config: ca }))).not.toBe("no fault");
      expect(
        await faultOf(get(url, { tls_config: { ...ca, server_name: "other.test" } })),
      ).not.toBe("no fault");
      expect(await faultOf(get(url, { tls_config: { ca_file: file("absent") } }))).toContain(
        "can't read",
      );
    });
  },
);

test.skipIf(!hasOpenssl)(
  "httpGet() shows its certificate to a server that asks for one",
  async () => {
    const tls = {
      cert: Bun.file(file("server.pem")),
      key: Bun.file(file("server.key")),
      ca: Bun.file(file("ca.pem")),
      requestCert: true,
      rejectUnauthorized: true,
    };
    await withServer({ tls, fetch: () => new Response("hello") }, async (_, port) => {
      const url = `https://127.0.0.1:${port}/`;
      const trust = { ca_file: file("ca.pem"), server_name: "server.test" };
      const own = { cert_file: file("client.pem"), key_file: file("client.key") };
      expect(await textOf(get(url, { tls_config: { ...trust, ...own } }))).toBe("hello");
      expect(await faultOf(get(url, { tls_config: trust }))).not.toBe("no fault");
    });
  },
);

test("httpGet() goes through proxy_url", async () => {
  const proxied: string[] = [];
  const proxy = (request: Request) => {
    proxied.push(request.url);
    return new Response("by proxy");
  };
  await withServer({ fetch: proxy }, async (url) => {
    expect(await textOf(get("http://target.invalid/metrics", { proxy_url: url }))).toBe("by proxy");
    expect(proxied.length).toBe(1);
  });
});

test("httpGet() reaches a Unix socket", async () => {
  const unix = file("metrics.sock");
  const server = Bun.serve({ unix, fetch: () => new Response("by socket") });
  const answer = httpGet({
    url: "http://localhost/metrics",
    headers: {},
    client: Client.parse({}),
    timeoutMs: 5_000,
    bodyBytesMax: 1_000,
    unixSocket: unix,
    signal: new AbortController().signal,
  });
  expect(new TextDecoder().decode((await answer).body)).toBe("by socket");
  await server.stop(true);
});

const packed = () =>
  new Response(Bun.gzipSync("x".repeat(1_000)), { headers: { "Content-Encoding": "gzip" } });
test("httpGet() fails at the limit itself, packed or not", async () => {
  await withServer({ fetch: packed }, async (url) =>
    expect(await faultOf(get(url))).toContain("body size limit"),
  );
  await withServer({ fetch: () => new Response("x".repeat(1_000)) }, async (url) =>
    expect(await faultOf(get(url))).toContain("body size limit"),
  );
  await withServer({ fetch: () => new Response("x".repeat(999)) }, async (url) =>
    expect((await get(url)).body.length).toBe(999),
  );
});
