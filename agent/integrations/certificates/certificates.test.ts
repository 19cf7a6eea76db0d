import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { certificates } from "./integration.ts";

const openssl = Bun.which("openssl");
const withOpenssl = test.skipIf(openssl === null);
let made = "";
let folder = "";

/** leaf.pem (serial 4660, ten days), ca.pem (expired), leaf.der, chain.pem, new.p12. */
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), "made-certificates-"));
  if (openssl === null) return;
  run(
    "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -set_serial 1 -subj",
    "/CN=Old CA",
    "-days 1",
  );
  run(
    "req -new -key key.pem -out leaf.csr -subj",
    String.raw`/C=DE/O=Acme, Inc\/X/OU=a/OU=b/CN=shop.example`,
  );
  run("x509 -req -in leaf.csr -CA ca.pem -CAkey key.pem -set_serial 0x1234 -days 10 -out leaf.pem");
  run("x509 -in leaf.pem -outform der -out leaf.der");
  run(
    "pkcs12 -export -in leaf.pem -certfile ca.pem -inkey key.pem -out new.p12 -passout pass:secret",
  );
  writeFileSync(
    join(made, "chain.pem"),
    `text before\n${readFileSync(join(made, "leaf.pem"), "utf8")}${readFileSync(join(made, "ca.pem"), "utf8")}`,
  );
});
afterAll(() => rmSync(made, { recursive: true }));
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "certificates-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const split = (text: string) => text.split(" ").filter(Boolean);

function run(words: string, argument = "", more = ""): void {
  const args = [...split(words), ...(argument === "" ? [] : [argument]), ...split(more)];
  const { exitCode, stderr } = Bun.spawnSync([openssl ?? "", ...args], { cwd: made });
  if (exitCode !== 0) throw new Error(stderr.toString());
}

const take = (name: string, as = name) => cpSync(join(made, name), join(folder, as));
const instance = (options: object = {}) =>
  new InstanceUnderTest(certificates, { paths: [folder], ...options });
const leafLabels = (file: string) =>
  `{filename="${file}",filepath="${folder}/${file}",serial_number="4660",issuer_CN="Old CA",subject_C="DE",subject_O="Acme, Inc/X",subject_OU="a",subject_CN="shop.example"}`;

withOpenssl(
  "certificates: a chain's certificates with names, serial numbers and times; all that is shown was collected",
  async () => {
    take("chain.pem");
    const now = Date.now();
    const { samples, degraded } = await instance().tick(now);
    expect(degraded).toEqual([]);
    expect(samples.size).toBe(7);
    const after = samples.get(`x509_cert_not_after${leafLabels("chain.pem")}`) ?? 0;
    expect(Math.abs(after - now / 1_000 - 10 * 86_400)).toBeLessThan(60);
    const before = samples.get(`x509_cert_not_before${leafLabels("chain.pem")}`) ?? 0;
    expect(after - before).toBe(10 * 86_400);
    expect(samples.get(`x509_cert_expired${leafLabels("chain.pem")}`)).toBe(0);
    const later = await instance().tick(now + 2 * 86_400_000);
    const expired = [...later.samples].filter(([key]) => key.startsWith("x509_cert_expired"));
    expect(expired.map(([, value]) => value)).toEqual([0, 1]);
    expect(samples.get("x509_read_errors")).toBe(0);
    expectAssets(import.meta.dir, samples.keys());
  },
);

withOpenssl(
  "certificates: DER and PKCS#12 are read as well, the latter with its password",
  async () => {
    take("leaf.der", "leaf.crt");
    take("new.p12");
    writeFileSync(join(folder, "password"), "secret\n");
    const { samples, degraded } = await instance({
      password_file: join(folder, "password"),
    }).tick();
    expect(degraded).toEqual([]);
    expect(samples.has(`x509_cert_not_after${leafLabels("leaf.crt")}`)).toBe(true);
    expect(samples.has(`x509_cert_not_after${leafLabels("new.p12")}`)).toBe(true);
    const wrong = await instance({ password: "other" }).tick();
    expect(wrong.degraded).toEqual([`${folder}/new.p12: PKCS#12: wrong password`]);
    expect(wrong.samples.get("x509_read_errors")).toBe(1);
    expect(wrong.samples.has(`x509_cert_not_after${leafLabels("leaf.crt")}`)).toBe(true);
  },
);

withOpenssl("certificates: a file that is replaced is read again, also behind a link", async () => {
  mkdirSync(join(folder, "live"));
  take("leaf.pem", "live/1.pem");
  take("ca.pem", "live/2.pem");
  symlinkSync("live/1.pem", join(folder, "current.pem"));
  const watched = instance();
  const serials = async () =>
    [...(await watched.tick()).samples.keys()].flatMap((key) =>
      key.startsWith("x509_cert_expired") ? (/serial_number="(\d+)"/.exec(key)?.[1] ?? []) : [],
    );
  expect(await serials()).toEqual(["4660"]);
  rmSync(join(folder, "current.pem"));
  symlinkSync("live/2.pem", join(folder, "current.pem"));
  expect(await serials()).toEqual(["1"]);
});

withOpenssl(
  "certificates: what can't be read is counted and told, its neighbours stay; a key in a folder is no error",
  async () => {
    take("leaf.pem");
    take("key.pem");
    take("leaf.pem", "left-out.pem");
    writeFileSync(
      join(folder, "torn.pem"),
      readFileSync(join(made, "leaf.pem"), "utf8").replace("MII", "XXX"),
    );
    writeFileSync(join(folder, "note.txt"), "no certificate");
    mkdirSync(join(folder, "dir.crt"));
    const { samples, degraded } = await instance({
      paths: [folder, `${folder}/gone.pem`, `${folder}/note.txt`, `${folder}/*.nothing`],
      exclude: [`${folder}/left-*`],
    }).tick();
    expect(samples.get("x509_read_errors")).toBe(4);
    expect(samples.size).toBe(4);
    expect(degraded.map((reason) => reason.replaceAll(folder, ""))).toEqual([
      expect.stringContaining("ENOENT"),
      "/dir.crt: no ordinary file",
      "/note.txt: no certificate in it",
      "/torn.pem: not a certificate",
    ]);
  },
);

withOpenssl("certificates: files and certificates beyond their limits are told", async () => {
  take("chain.pem", "a.pem");
  take("leaf.pem", "b.pem");
  const { samples, degraded } = await instance({ files_max: 1, certificates_max: 1 }).tick();
  expect(samples.size).toBe(4);
  expect(degraded).toEqual([
    "1 files beyond files_max",
    "1 certificates beyond certificates_max of their files",
  ]);
});

const refused = (options: object) => !certificates.config.safeParse(options).success;

test("certificates: two passwords, and relative paths, are refused", () => {
  expect(refused({ password: "a", password_file: "/b" })).toBe(true);
  expect(refused({ paths: ["a.pem"] })).toBe(true);
  expect(refused({ paths: [] })).toBe(true);
  expect(refused({})).toBe(false);
});

test("certificates: found in usual places", async () => {
  const files = { "/etc/letsencrypt/live/a.example/fullchain.pem": "", "/etc/nginx/ssl/x.crt": "" };
  expect(await certificates.detect(hostOf({ files }))).toEqual([
    {
      confidence: 0.8,
      because: [
        "1 files are /etc/letsencrypt/live/*/fullchain.pem",
        "1 files are /etc/nginx/{ssl,certs}/*.{crt,pem}",
      ],
      options: {
        paths: ["/etc/letsencrypt/live/*/fullchain.pem", "/etc/nginx/{ssl,certs}/*.{crt,pem}"],
      },
      needs: [],
    },
  ]);
  expect(await certificates.detect(hostOf({}))).toEqual([]);
});
