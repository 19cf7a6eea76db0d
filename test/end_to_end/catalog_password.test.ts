import { afterAll, expect, test } from "bun:test";
import { lapwing } from "#test/support/command_line.ts";
import { postgresMissing, requirePassword, startPostgres } from "#test/support/postgres.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

test.skipIf(postgresMissing !== undefined)(
  "a password in the parameters of the catalog's URL works, and is shown nowhere (needs PostgreSQL)",
  async () => {
    const postgres = await startPostgres();
    stage.after(() => postgres.stop());
    await requirePassword(postgres, "hunter2");
    const config = {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: [],
      storage: { catalog: `${postgres.url}?password=hunter2` },
    };
    const aggregator = await stage.start({ role: "up", name: "lapwing", config });
    const shown = await Promise.all(
      ["api/v1/status/config", "config", "metrics", "api/v1/status/flags"].map(async (path) => {
        const answer = await fetch(aggregator.url + path);
        expect(answer.status).toBe(200);
        return answer.text();
      }),
    );
    expect(shown[0]).toContain("?password=<secret>");
    expect(shown[1]).toContain("?password=<secret>");
    const file = stage.path("lapwing.yaml");
    const run = (...args: string[]) => lapwing([...args, "-c", file], { cwd: stage.folder });
    const checked = await run("storage", "check");
    expect(checked.code).toBe(0);
    const refused = await run("storage", "adopt");
    expect(refused.code).toBe(1);
    const said = [checked, refused].flatMap(({ out, err }) => [out, err]);
    const texts = [...shown, ...said, stage.log("lapwing")];
    expect(texts.filter((text) => text.includes("hunter2"))).toEqual([]);
  },
  60_000,
);
