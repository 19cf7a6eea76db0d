import { expect, test } from "bun:test";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "nats";
import { nkeys } from "nats";
import type { NatsConfig as Config } from "#proto/bus/nats_config.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { NatsLink } from "#proto/bus/nats_link.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { removeFolder } from "#test/support/spool.ts";

const it = test.skipIf(natsServerPath === undefined);
const hasOpenssl = Bun.which("openssl") !== null;

const fails = (text: unknown): boolean => !NatsConfig.safeParse(text).success;

/** Connects as configured; the round trip's outcome, or what status() says when it is refused. */
async function tryOut(text: unknown): Promise<{ readonly outcome: string; readonly log: string }> {
  const config: Config = NatsConfig.parse(text);
  let written = "";
  const log = createLogger("debug", (line) => void (written += line));
  const { promise: ready, resolve: connected } = Promise.withResolvers<NatsConnection>();
  const link = new NatsLink(config, { name: "test", clock: systemClock, log }, (nats, signal) => {
    connected(nats);
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    );
  });
  link.start();
  const refused = (async () => {
    while (link.status().connected || link.status().detail === "not started") await Bun.sleep(5);
    return link.status().detail;
  })();
  const reached = ready.then(async (nats) => {
    await nats.rtt();
    return "connected";
  });
  const outcome = await Promise.race([reached, refused]);
  await link.close();
  await Promise.allSettled([refused]);
  return { outcome, log: written };
}

it("nats: a token, in place or in a file; a wrong one is told of without showing it", async () => {
  const server = await startNats(() => `authorization { token: "s3cret-token" }`);
  const servers = [server.url];
  const file = join(server.folder, "token");
  await writeFile(file, "s3cret-token\n");
  expect((await tryOut({ servers, token: "s3cret-token" })).outcome).toBe("connected");
  expect((await tryOut({ servers, token_file: file })).outcome).toBe("connected");
  const wrong = await tryOut({ servers, token: "wr0ng-token" });
  expect(wrong.outcome).toMatch(/authorization violation/i);
  expect(wrong.log).toContain("no connection to NATS");
  expect(wrong.log + wrong.outcome).not.toContain("wr0ng-token");
  await server.stop();
});

it("nats: user and password", async () => {
  const server = await startNats(() => `authorization { user: "agent", password: "s3cret" }`);
  const servers = [server.url];
  expect((await tryOut({ servers, user: "agent", password: "s3cret" })).outcome).toBe("connected");
  const wrong = await tryOut({ servers, user: "agent", password: "wr0ng-pass" });
  expect(wrong.outcome).toMatch(/authorization violation/i);
  expect(wrong.log + wrong.outcome).not.toContain("wr0ng-pass");
  expect((await tryOut({ servers })).outcome).toMatch(/authorization violation/i);
  await server.stop();
});

it("nats: an NKey, in place or in a file", async () => {
  const user = nkeys.createUser();
  const seed = new TextDecoder().decode(user.getSeed());
  const server = await startNats(
    () => `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`,
  );
  const servers = [server.url];
  const file = join(server.folder, "seed");
  await writeFile(file, `${seed}\n`);
  expect((await tryOut({ servers, nkey_seed: seed })).outcome).toBe("connected");
  expect((await tryOut({ servers, nkey_seed_file: file })).outcome).toBe("connected");
  const other = new TextDecoder().decode(nkeys.createUser().getSeed());
  const wrong = await tryOut({ servers, nkey_seed: other });
  expect(wrong.outcome).toMatch(/authorization violation/i);
  expect(wrong.log + wrong.outcome).not.toContain(other);
  await server.stop();
});

type KeyPair = ReturnType<typeof nkeys.createUser>;

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A JWT as NATS signs them: by an Ed25519 key of its own kind (docs.nats.io, "JWT authentication"). */
function jwtOf(issuer: KeyPair, subject: KeyPair, nats: Record<string, unknown>): string {
  const claims = {
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: "test",
    nats: { version: 2, ...nats },
  };
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}

function credsOf(account: KeyPair, user: KeyPair): string {
  const unlimited = { subs: -1, data: -1, payload: -1, pub: {}, sub: {} };
  const jwt = jwtOf(account, user, { type: "user", ...unlimited });
  const seed = new TextDecoder().decode(user.getSeed());
  return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
}

it("nats: credentials of a JWT user in a file; those of another account are refused", async () => {
  const operator = nkeys.createOperator();
  const [system, account, stranger] = [
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createAccount(),
  ];
  const limits = { subs: -1, data: -1, payload: -1, conn: -1, leaf: -1, imports: -1, exports: -1 };
  const accountJwt = (key: KeyPair) => jwtOf(operator, key, { type: "account", limits });
  const server = await startNats(
    () => `operator: ${jwtOf(operator, operator, { type: "operator" })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${system.getPublicKey()}: ${accountJwt(system)}
  ${account.getPublicKey()}: ${accountJwt(account)}
}`,
  );
  const servers = [server.url];
  const file = join(server.folder, "agent.creds");
  await writeFile(file, credsOf(account, nkeys.createUser()));
  expect((await tryOut({ servers, creds_file: file })).outcome).toBe("connected");
  const user = nkeys.createUser();
  await writeFile(file, credsOf(stranger, user));
  const wrong = await tryOut({ servers, creds_file: file });
  expect(wrong.outcome).toMatch(/authorization violation/i);
  expect(wrong.log + wrong.outcome).not.toContain(new TextDecoder().decode(user.getSeed()));
  await server.stop();
});

test.skipIf(natsServerPath === undefined || !hasOpenssl)(
  "nats: TLS by our own authority, with a client's certificate; a stranger's is refused (needs openssl)",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-certificates-"));
    const path = (name: string): string => join(folder, name);
    const openssl = (...args: string[]): void => {
      const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { cwd: folder });
      if (exitCode !== 0) throw new Error(stderr.toString());
    };
    const days = ["-days", "2"];
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=test authority",
      ...days,
    );
    for (const name of ["server", "client"]) {
      await writeFile(path(`${name}.ext`), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
      openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        `/CN=${name}`,
      );
      openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        `${name}.pem`,
        "-extfile",
        `${name}.ext`,
        ...days,
      );
    }
    const server = await startNats(
      () =>
        `tls { cert_file: "${path("server.pem")}", key_file: "${path("server.key")}", ca_file: "${path("ca.pem")}", verify: true }`,
    );
    const servers = [server.url];
    const client = { cert_file: path("client.pem"), key_file: path("client.key") };
    const own = { ca_file: path("ca.pem"), ...client };
    expect((await tryOut({ servers, tls: own })).outcome).toBe("connected");
    const tlsUrl = [server.url.replace("nats://", "tls://")];
    expect((await tryOut({ servers: tlsUrl, tls: own })).outcome).toBe("connected");
    expect((await tryOut({ servers, tls: client })).outcome).not.toBe("connected");
    expect((await tryOut({ servers, tls: { ca_file: path("ca.pem") } })).outcome).not.toBe(
      "connected",
    );
    await server.stop();
    await removeFolder(folder);
  },
);

test("nats: a configuration that mixes ways to log in, or hides a secret in an address, is refused", () => {
  expect(fails({ token: "a", user: "b" })).toBe(true);
  expect(fails({ servers: ["nats://user:pass@host:4222"] })).toBe(true);
  expect(fails({ tls: { cert_file: "a" } })).toBe(true);
  expect(fails({ tokens: "a" })).toBe(true);
  expect(NatsConfig.parse({}).servers).toEqual(["nats://127.0.0.1:4222"]);
});
