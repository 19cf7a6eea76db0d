import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { agentJwt } from "#aggregator/fleet/agent_jwt.ts";
import { readOperatorKeys } from "#aggregator/fleet/operator_keys.ts";
import { readCredentials, writeCredentials } from "#agent/enroll/credentials_file.ts";
import { agentRights, subjectOf } from "#proto/bus/subjects.ts";
import { parseCredentials } from "#proto/fleet/credentials.ts";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter, NumberedLines, audit } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const Enrolled = z.looseObject({
  tenant: z.string(),
  nats: z.object({ servers: z.array(z.string()), creds_file: z.string() }),
});
const Rights = z.object({ nats: z.object({ pub: z.object({ allow: z.array(z.string()) }) }) });

async function told(...args: string[]): Promise<string> {
  const { code, out, err } = await lapwing(args, { cwd: stage.folder });
  if (code !== 0) throw new Error(`lapwing ${args.join(" ")}: ${err}`);
  return out.trim();
}

function publishRights(creds: string): string[] {
  const { jwt } = parseCredentials(readFileSync(creds, "utf8")) ?? { jwt: "" };
  const [, payload = ""] = jwt.split(".");
  return Rights.parse(JSON.parse(Buffer.from(payload, "base64url").toString())).nats.pub.allow;
}

test.skipIf(natsServerPath === undefined)(
  "an agent that was enrolled before there was a signal gets its right by itself, and loses nothing until then (needs nats-server)",
  async () => {
    const folder = stage.path("keys");
    await told("fleet", "init", "--keys", folder, "--resolver-dir", stage.path("jwt"));
    const nats = await startNats(() => readFileSync(`${folder}/nats-server.conf`, "utf8"));
    stage.after(() => nats.stop());
    const server = { servers: [nats.url], reconnect_wait: "100ms" };
    const aggregatorOptions = {
      role: "aggregator" as const,
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { ...server, creds_file: `${folder}/aggregator.creds` },
        fleet: { keys: folder },
      },
    };
    const aggregator = await stage.start(aggregatorOptions);
    const token = await told("fleet", "token", "create", "-c", stage.path("aggregator.yaml"));
    const written = stage.path("enrolled.yaml");
    const enrol = ["agent", "enroll", "--url", aggregator.url, "--token", token];
    await told(...enrol, "--config", written, "--data-dir", stage.path("agent"));
    expect(await aggregator.end("SIGTERM")).toBe(0);

    // As a release left it that knew no logs.
    const enrolled = Enrolled.parse(parse(readFileSync(written, "utf8")));
    const creds = enrolled.nats.creds_file;
    const who = {
      tenant: enrolled.tenant,
      agent: readFileSync(stage.path("agent", "agent", "id"), "utf8").trim(),
    };
    const whole = publishRights(creds);
    const right = subjectOf({ ...who, kind: "logs" });
    const { key, claims } = await readCredentials(creds);
    const rights = agentRights(who);
    const jwt = await agentJwt(
      await readOperatorKeys(folder),
      { ...who, publicKey: claims.publicKey },
      claims.expiresMs ?? 0,
      { ...rights, publish: rights.publish.filter((subject) => subject !== right) },
    );
    await writeCredentials(creds, jwt, key);
    const catalog = new Database(stage.path("aggregator", "aggregator", "catalog.db"));
    catalog.run("UPDATE enrolments SET rights = 'older'");
    catalog.close();
    expect(whole).toContain(right);
    expect(publishRights(creds)).not.toContain(right);

    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    lines.write(400);
    const exporter = new NumberedExporter("one");
    stage.after(() => exporter.stop());
    const scrape = { static_configs: [{ targets: [exporter.target] }], scrape_interval: "500ms" };
    await stage.start({
      role: "agent",
      name: "agent",
      config: {
        ...enrolled,
        nats: { ...enrolled.nats, reconnect_wait: "100ms" },
        sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
        scrape_configs: [{ job_name: "numbered", ...scrape }],
      },
    });
    await until("the server refuses lines", () =>
      readFileSync(join(nats.folder, "nats.log"), "utf8").includes("Publish Violation"),
    );

    const again = await stage.start(aggregatorOptions);
    const asked = asking(again.url);
    await until("samples come all the while", async () => (await asked.promql("chaos_number"))[0]);
    await until("the right is there", () => publishRights(creds).includes(right), 40_000);
    expect(publishRights(creds).toSorted()).toEqual(whole.toSorted());
    lines.write(400);
    const numbers = await until("all lines", async () => {
      const rows = await asked.sql("SELECT body FROM logs WHERE body LIKE 'one line %'");
      const have = rows.map(([body]) => Number(/line (\d+) end$/.exec(String(body))?.[1]));
      return have.length >= lines.written && have;
    });
    expect(audit(numbers, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    expect((await asked.account("logs"))?.dropped).toEqual({});
  },
  120_000,
);
