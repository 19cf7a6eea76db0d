import { quoteShell } from "./shell_quote.ts";

export type EnrolTerms = {
  /** How long the token holds: "1h". */
  readonly ttl: string;
  readonly uses: number;
  /** "site=north", one a line. */
  readonly labels: string;
};

/** Labels as they are written, or what is wrong with them. */
export function readLabels(
  text: string,
): { readonly labels: Record<string, string> } | { readonly fault: string } {
  const labels: Record<string, string> = {};
  for (const line of text.split(/[\n,]/)) {
    const written = line.trim();
    if (written === "") continue;
    const [, name = "", value = ""] = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/.exec(written) ?? [];
    if (name === "") return { fault: `"${written}": expected name=value, such as site=north` };
    labels[name] = value.trim();
  }
  return { labels };
}

/** Whether an address leads back to whoever asks it: no other host reaches it. */
export function isLoopback(address: string): boolean {
  // Only of schemes that it knows does URL take the host apart: NATS's are like HTTP's here.
  const written = address.trim().replace(/^[a-z+]+:\/\//i, "");
  const hostname = URL.parse(`http://${written}`)?.hostname ?? "";
  return /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/.test(hostname);
}

/** What to run on the host with a token that was made; `url` is the aggregator's, as the host reaches it. */
export function enrolCommands(token: string, url: string): readonly string[] {
  return [
    `sudo lapwing agent enroll --url ${quoteShell(url)} --token ${quoteShell(token)} \\\n` +
      "  --config /etc/lapwing/lapwing.yaml --data-dir /var/lib/lapwing",
    "sudo lapwing agent --config /etc/lapwing/lapwing.yaml",
  ];
}

/** The same token made on the aggregator's host, where it may not be made here. */
export function tokenCommand({ ttl, uses, labels }: EnrolTerms): string {
  const read = readLabels(labels);
  const given = "labels" in read ? Object.entries(read.labels) : [];
  const flags = given.map(([name, value]) => ` --label ${quoteShell(`${name}=${value}`)}`);
  return `lapwing fleet token create --ttl ${quoteShell(ttl)} --uses ${uses}${flags.join("")} -c lapwing.yaml`;
}

/** A configuration for hosts where the aggregator enrols nobody: they reach NATS by themselves. */
export function plainConfig(servers: readonly string[]): string {
  const list = servers.map((server) => JSON.stringify(withoutSecrets(server))).join(", ");
  return `nats:\n  servers: [${list}]\ndata_dir: /var/lib/lapwing\n`;
}

/** Passwords in an address are not for the screen. */
function withoutSecrets(server: string): string {
  return server.replace(/\/\/[^@/]*@/, "//");
}
