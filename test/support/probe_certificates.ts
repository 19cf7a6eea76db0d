import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const subjects = {
  good: {
    subject: "/C=DE/ST=Hamburg/O=Org, Inc./OU=one/CN=localhost",
    names: "DNS:localhost,DNS:foo.example,IP:127.0.0.1",
    days: 90,
  },
  wrong: { subject: "/CN=other.example", names: "DNS:other.example", days: 90 },
  expired: { subject: "/CN=localhost", names: "DNS:localhost", days: -1 },
} as const;

/** Certificates that openssl makes anew: an authority, one below it, and servers' own with the one below behind them. */
export class ProbeCertificates {
  readonly folder = mkdtempSync(join(tmpdir(), "lapwing-probe-pki-"));

  constructor() {
    this.#openssl("req -x509 -nodes -keyout ca.key -out ca.pem -days 900", "/O=Test CA/CN=root");
    this.#request("middle", "/O=Test CA/CN=intermediate");
    this.#sign("middle", "ca", "basicConstraints=critical,CA:TRUE", 400);
    for (const [name, { subject, names, days }] of Object.entries(subjects)) {
      this.#request(name, subject);
      this.#sign(name, "middle", `subjectAltName=${names}`, days);
      const chain =
        readFileSync(this.file(`${name}.pem`), "utf8") +
        readFileSync(this.file("middle.pem"), "utf8");
      writeFileSync(this.file(`${name}.pem`), chain);
    }
  }

  get authority(): string {
    return this.file("ca.pem");
  }

  server(name: keyof typeof subjects): { readonly key: string; readonly cert: string } {
    const text = (suffix: string) => readFileSync(this.file(`${name}.${suffix}`), "utf8");
    return { key: text("key"), cert: text("pem") };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #request(name: string, subject: string): void {
    this.#openssl(`req -nodes -keyout ${name}.key -out ${name}.csr`, subject);
  }

  #sign(name: string, by: string, extension: string, days: number): void {
    writeFileSync(this.file(`${name}.ext`), `${extension}\n`);
    this.#run(
      `x509 -req -in ${name}.csr -CA ${by}.pem -CAkey ${by}.key -CAcreateserial -days ${days} -extfile ${name}.ext -out ${name}.pem`.split(
        " ",
      ),
    );
  }

  #openssl(command: string, subject: string): void {
    const curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1";
    this.#run([...`${command} ${curve}`.split(" "), "-subj", subject]);
  }

  #run(words: readonly string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words], { cwd: this.folder });
    if (exitCode !== 0) throw new Error(`openssl ${words.join(" ")}: ${stderr.toString()}`);
  }
}
