import { expect, test } from "bun:test";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Channel } from "../../channels/channel.ts";
import { knownChannel } from "./integration.ts";
import { emptyConfig, readSmallConfig } from "./read_config.ts";

const Config = z.strictObject({
  url: z.string(),
  send_resolved: z.boolean().default(true),
  http_config: z.unknown().optional(),
});
const hook: Channel<z.output<typeof Config>> = {
  name: "webhook",
  title: "Webhook",
  schema: Config,
  complete: (config) => ({ config, mistakes: config.url === "" ? ["url is empty"] : [] }),
  sendsResolved: (config) => config.send_resolved,
  send: () => Promise.resolve({ kind: "sent", answer: "" }),
};
const read = (text: string) => readSmallConfig(text, "am.yml", [knownChannel(hook)]);
const mistakesOf = (text: string): string[] => {
  try {
    read(text);
    return [];
  } catch (thrown) {
    return messageOf(thrown).split("\n");
  }
};

const whole = `global: {resolve_timeout: 1m, slack_api_url: https://hooks.slack.com/T/B/x}
templates: [t/*.tmpl]
route:
  receiver: a
  group_by: [alertname]
  routes:
  - match: {team: 7}
    match_re: {service: foo.*}
    matchers: ['a="b"', '{c=~"d",e!=f}']
    receiver: b
    mute_time_intervals: [nights]
    routes:
    - &x
      matchers: [ severity = page ]
      group_wait: 0s
      continue: true
    - <<: *x
      group_by: ['...']
receivers:
- name: a
  webhook_configs:
  - url: https://example.org/secret-path
    http_config: {basic_auth: {username: u, password: p4ss}, authorization: {credentials: t0p}}
  - url: https://example.org/second
    send_resolved: false
- name: b
  labels: {team: x}
inhibit_rules:
- source_matchers: [severity="critical"]
  target_match: {severity: warning}
  equal: [cluster]
mute_time_intervals:
- name: nights
  time_intervals:
  - times: [{start_time: '22:00', end_time: '24:00'}]
    weekdays: ['monday:friday', sunday]
    days_of_month: ['1:5', '-3:-1']
    months: ['january:march', '5']
    years: ['2026']
    location: Europe/Berlin
`;

test("readSmallConfig() reads every part, older forms too", () => {
  const { route, receivers, inhibitRules, timeIntervals, templates, global } = read(whole);
  const [child] = route.routes;
  expect(child?.key).toBe('{}/{a="b",c=~"d",e!="f",service=~"^(?:foo.*)$",team="7"}');
  expect(child?.groupBy).toEqual(new Set(["alertname"]));
  expect(child?.routes.map(({ id }) => id.slice(child.id.length))).toEqual([
    '/{severity="page"}/0',
    '/{severity="page"}/1',
  ]);
  expect(child?.routes.map((one) => [one.receiver, one.groupWaitMs, one.groupsByAll])).toEqual([
    ["b", 0, false],
    ["b", 0, true],
  ]);
  expect(receivers.map(({ integrations }) => integrations.map((one) => one.sendsResolved))).toEqual(
    [[true, false], []],
  );
  expect(inhibitRules[0]?.equal).toEqual(["cluster"]);
  expect(timeIntervals.get("nights")?.[0]?.weekdays).toEqual([
    { begin: 1, end: 5 },
    { begin: 0, end: 0 },
  ]);
  expect([templates, global.resolve_timeout]).toEqual([["t/*.tmpl"], 60_000]);
});

test("readSmallConfig() shows no secret of the file", () => {
  const { original } = read(whole);
  for (const secret of ["p4ss", "t0p", "secret-path", "hooks.slack.com"])
    expect(original).not.toContain(secret);
  expect(original.match(/<secret>/g)).toHaveLength(5);
  expect(original).toContain("url: https://example.org/<secret>");
  expect(original).toContain("username: u");
});

test("readSmallConfig() reports all mistakes with line and column", () => {
  const text = `globl: {}
global: {resolve_timeout: soon}
route:
  receiver: nowhere
  matchers: [a=b]
  group_by: [x, x]
  routes:
  - receiver: a
    matchers: ['a=b', 'c=~"("']
    colour: red
    repeat_interval: 0s
    active_time_intervals: [never]
receivers:
- name: a
  webhook_configs: [{url: "", more: 1}, {url: ''}]
- name: a
  sms_configs: []
- {}
time_intervals:
- name: t
  time_intervals: [{times: [{start_time: '25:00', end_time: '03:00'}], weekdays: ['saturday:sunday'], location: Mars}]
- name: t
`;
  expect(mistakesOf(text)).toEqual([
    "am.yml:1:1: globl: unknown key",
    'am.yml:2:27: global.resolve_timeout: expected a duration such as "15s" or "1h30m"',
    'am.yml:4:13: route.receiver: there is no receiver "nowhere"',
    "am.yml:5:13: route.matchers: the root route must not have matchers",
    'am.yml:6:17: route.group_by[1]: the label "x" is there twice',
    expect.stringContaining("am.yml:9:23: route.routes[0].matchers[1]: "),
    "am.yml:10:5: route.routes[0].colour: unknown key",
    "am.yml:11:22: route.routes[0].repeat_interval: expected a duration above 0",
    'am.yml:12:29: route.routes[0].active_time_intervals[0]: there is no time interval "never"',
    "am.yml:15:31: receivers[0].webhook_configs[0].more: unknown key",
    "am.yml:15:41: receivers[0].webhook_configs[1]: url is empty",
    'am.yml:16:9: receivers[1].name: the receiver "a" is there twice',
    "am.yml:17:3: receivers[1].sms_configs: unknown key",
    "am.yml:18:3: receivers[2]: a receiver needs a name",
    expect.stringContaining(
      "am.yml:21:42: time_intervals[0].time_intervals[0].times[0].start_time: ",
    ),
    expect.stringContaining("time_intervals[0].time_intervals[0].weekdays[0]: "),
    expect.stringContaining('unknown time zone "Mars"'),
    'am.yml:22:9: time_intervals[1].name: the time interval "t" is there twice',
  ]);
});

test("readSmallConfig() refuses a secret that global gives both inline and by a file", () => {
  const text = `global:
  slack_api_url: https://hooks.example/x
  slack_api_url_file: /slack
  telegram_bot_token_file: /telegram
route: {receiver: a}
receivers: [{name: a}]
`;
  expect(mistakesOf(text)).toEqual([
    "am.yml:3:23: global.slack_api_url_file: expected at most one of slack_api_url and slack_api_url_file",
  ]);
});

test("readSmallConfig() names the place of a mistake in the syntax", () => {
  expect(mistakesOf("route: {receiver: a\nreceivers: []\n")[0]).toMatch(/^am\.yml:\d+:\d+: /);
  expect(mistakesOf("")).toEqual([
    "am.yml:1:1: route: no route is given: expected one with a receiver",
  ]);
  expect(mistakesOf("[1]")[0]).toContain("am.yml:1:1: ");
});

test("emptyConfig() takes every alert and sends it nowhere", () => {
  expect(emptyConfig().receivers).toEqual([{ name: "none", labels: {}, integrations: [] }]);
});
