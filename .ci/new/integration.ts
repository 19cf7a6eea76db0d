import { type Files, insertSorted, type Names, type ReadFile } from "./names.ts";

const folder = "agent/integrations";

/** A service that answers one line of text over TCP: to be replaced by what it really speaks. */
export function newIntegration(names: Names, read: ReadFile): Files {
  const { snake } = names;
  const own = `${folder}/${snake}`;
  return {
    [`${own}/config.ts`]: config(names),
    [`${own}/integration.ts`]: integration(names),
    [`${own}/collect.ts`]: collect(names),
    [`${own}/dashboard.yaml`]: dashboard(names),
    [`${own}/rules.yaml`]: rules(names),
    [`${own}/slo.yaml`]: slo(names),
    [`${own}/README.md`]: readme(names),
    [`${own}/${snake}.test.ts`]: test(names),
    [`${folder}/registry.ts`]: registered(names, read(`${folder}/registry.ts`)),
  };
}

function registered({ snake, camel }: Names, registry: string): string {
  const line = `import { ${camel} } from "./${snake}/integration.ts";\n`;
  const imported = insertSorted(registry, /^import \{ \w+ \} from "\.\/(\w+)\/.*\n/gm, snake, line);
  const entry = snake === camel ? `  ${snake},\n` : `  ${snake}: ${camel},\n`;
  return insertSorted(imported, /^ {2}(\w+)(?:: \w+)?,\n/gm, snake, entry);
}

const config = ({ pascal }: Names) => `import { z } from "zod";

export const usualPort = 9_999;

export const ${pascal}Config = z.lazy(() =>
  z.strictObject({
    /** host:port where it listens. */
    address: z.string().min(1).default(\`127.0.0.1:\${usualPort}\`),
  }),
);
export type ${pascal}Config = z.output<typeof ${pascal}Config>;
`;

const integration = ({ snake, camel, pascal, title }: Names) => `import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { listenersOf, processesNamed, reachable } from "../host_view.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { ${pascal}Config, usualPort } from "./config.ts";

/** ${title}: what it is asked, and whose names its metrics have. */
export const ${camel} = defineIntegration({
  name: "${snake}",
  title: "${title}",
  job: "${snake}",
  config: ${pascal}Config,
  up: gauge("${snake}_up", "Whether the server answered."),
  instanceOf: ({ address }) => address,
  detect(host) {
    const processes = processesNamed(host, "${snake}");
    return listenersOf(host, processes, [usualPort]).flatMap(
      (listener): Finding<z.input<typeof ${pascal}Config>>[] => {
        const process = processes.find(({ pid }) => pid === listener.pid);
        if (process === undefined) return [];
        const address = reachable(listener);
        const because = [\`process \${process.name} (pid \${process.pid})\`, \`listens on \${address}\`];
        return [{ confidence: 0.8, because, options: { address }, needs: [] }];
      },
    );
  },
  load: async () => (await import("./collect.ts")).open${pascal},
});
`;

const collect = ({
  snake,
  pascal,
  title,
}: Names) => `import { OperatingError } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type ${pascal}Config, usualPort } from "./config.ts";

const connections = gauge("${snake}_connections", "Open connections.");

/** Asks ${title} by a new connection each tick. */
export const open${pascal}: OpenInstance<${pascal}Config> = ({ address }) => ({
  async collect(sink, tick) {
    const talk = await Conversation.open(splitAddress(address, usualPort), tick.signal);
    try {
      talk.send("stats\\r\\n");
      const text = (await talk.rest()).toString("utf8");
      const [, count] = /^connections (\\d+)$/m.exec(text) ?? [];
      if (count === undefined)
        throw new OperatingError("unavailable", \`stats was answered with "\${text.slice(0, 120)}"\`);
      sink.add(connections, Number(count));
    } finally {
      talk.close();
    }
  },
});
`;

const dashboard = ({ snake, title }: Names) => `title: ${title}
tags: [${snake}]
variables:
  - { name: instance, query: "label_values(${snake}_up, instance)" }
rows:
  - title: Now
    panels:
      - title: Answering
        type: stat
        words: { 0: down, 1: up }
        thresholds: [{ value: 0, level: critical }, { value: 1, level: ok }]
        queries:
          - { expr: 'min(${snake}_up{instance=~"$instance"})' }
  - title: Clients
    panels:
      - title: Connections
        type: timeseries
        queries:
          - { expr: '${snake}_connections{instance=~"$instance"}', legend: "{{instance}}" }
`;

const rules = ({ snake, pascal, title }: Names) => `groups:
  - name: ${snake}
    rules:
      - alert: ${pascal}Down
        expr: ${snake}_up == 0
        for: 2m
        labels: { severity: critical }
        annotations:
          summary: ${title} {{ $labels.instance }} does not answer
          description: It has been down for two minutes.
`;

const slo = ({ snake, pascal }: Names) => `version: prometheus/v1
service: ${snake}
slos:
  - name: availability
    objective: 99.9
    description: The server answers.
    sli:
      raw:
        error_ratio_query: 1 - avg(avg_over_time(${snake}_up[{{.window}}]))
    alerting:
      name: ${pascal}Availability
      page_alert: {}
      ticket_alert: {}
`;

const readme = ({ snake, title }: Names) => `# ${title}

Asks the command \`stats\`. Metrics: \`${snake}_connections\` and \`${snake}_up\`.

    integrations:
      ${snake}:
        - address: 127.0.0.1:9999

Found by its process and its port, and watched without being named where it answers.
`;

const test = ({
  snake,
  camel,
  title,
}: Names) => `import { afterAll, beforeAll, expect, test } from "bun:test";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { ${camel} } from "./integration.ts";

let answer = "";
let server: Bun.TCPSocketListener;

// Replace this by the real server.
beforeAll(() => {
  server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end(answer) },
  });
});
afterAll(() => server.stop(true));

const instance = () => new InstanceUnderTest(${camel}, { address: \`127.0.0.1:\${server.port}\` });

test("${snake}: connections are those of the server, and all that is shown was collected", async () => {
  answer = "connections 3\\n";
  const { samples } = await instance().tick();
  expect(samples.get("${snake}_connections")).toBe(3);
  expectAssets(import.meta.dir, samples.keys());
});

test("${snake}: another answer makes the tick fail with the reason", async () => {
  answer = "not ${title}\\n";
  const failed = instance().tick();
  expect(failed).rejects.toThrow('stats was answered with "not ${title}');
  await failed.catch(() => {});
});
`;
