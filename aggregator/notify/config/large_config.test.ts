import { expect, test } from "bun:test";
import { channels } from "../../channels/channels.ts";
import { messageOf } from "#shared/errors.ts";
import { knownChannel } from "./integration.ts";
import { readAlertmanagerConfig, readSmallConfig } from "./read_config.ts";

const known = channels.map((one) => one(knownChannel));

/** Some 220 KB: receivers of several channels, and a tree of routes with regular expressions. */
function largeConfig(): string {
  const numbers = Array.from({ length: 400 }, (_, i) => i);
  const receivers = numbers.map(
    (i) => `- name: team-${i}
  webhook_configs:
  - url: https://hooks.example.org/services/T${i}/s3cret-${i}
    http_config: {basic_auth: {username: u${i}, password: p4ss${i}}}
  slack_configs:
  - api_url: https://hooks.slack.example/services/T${i}/B${i}
    channel: '#team-${i}'
    title: '{{ .GroupLabels.alertname }} in {{ .CommonLabels.cluster }}'
`,
  );
  const routes = numbers.map(
    (i) => `  - receiver: team-${i}
    matchers: ['team="t${i}"', 'service=~"(?:api|web|db)-${i}[0-9]+"']
    group_by: [alertname, cluster]
    routes:
    - receiver: team-${(i + 1) % 400}
      matchers: ['severity=~"critical|page"']
      group_wait: 10s
`,
  );
  return `global: {resolve_timeout: 5m}
route:
  receiver: team-0
  routes:
${routes.join("")}receivers:
${receivers.join("")}`;
}

/** The longest time that passed while the event loop did not turn; CPU time, so that other programs do not count. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let [longestMs, isDone] = [0, false];
  let [wallMs, cpu] = [performance.now(), process.cpuUsage()];
  const turn = () => {
    const used = process.cpuUsage(cpu);
    const ranMs = Math.min(performance.now() - wallMs, (used.user + used.system) / 1_000);
    longestMs = Math.max(longestMs, ranMs);
    [wallMs, cpu] = [performance.now(), process.cpuUsage()];
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isDone = true;
  return longestMs;
}

test("a large file is read in short turns, and says the same", async () => {
  const text = largeConfig();
  expect(text.length).toBeGreaterThan(220_000);
  const read = async () => {
    const { route, receivers, original } = await readAlertmanagerConfig(text, "am.yml", known);
    expect([route.routes.length, receivers.length]).toEqual([400, 400]);
    expect(route.routes[7]?.routes[0]).toMatchObject({ receiver: "team-8", groupWaitMs: 10_000 });
    expect(original).not.toContain("s3cret");
    expect(original).toBe(readSmallConfig(text, "am.yml", known).original);
  };
  const turnMs = await longestTurnMs(() => readAlertmanagerConfig(text, "am.yml", known));
  console.log(`${text.length} bytes: the longest turn took ${Math.round(turnMs)} ms`);
  expect(turnMs).toBeLessThan(100);
  await read();
}, 60_000);

test("mistakes in a large file have their places", async () => {
  const text = largeConfig()
    .replace("\n  - receiver: team-300\n", "\n  - receiver: team-x\n    colour: red\n")
    .replace("group_wait: 10s", "group_wait: soon");
  const failure = readAlertmanagerConfig(text, "am.yml", known).then(() => "", messageOf);
  const turnMs = await longestTurnMs(() => failure);
  expect((await failure).split("\n")).toEqual([
    expect.stringMatching(/^am\.yml:11:19: route\.routes\[0\]\.routes\[0\]\.group_wait: /),
    expect.stringMatching(/^am\.yml:\d+:\d+: .*there is no receiver "team-x"$/),
    expect.stringMatching(/^am\.yml:\d+:5: route\.routes\[300\]\.colour: unknown key$/),
  ]);
  expect(turnMs).toBeLessThan(100);
  const broken = readAlertmanagerConfig(`${text}\n  - [`, "am.yml", known);
  expect(await broken.then(() => "", messageOf)).toMatch(/^am\.yml:\d+:\d+: /);
}, 60_000);
