import { afterAll, beforeAll } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { stringify } from "yaml";
import { builtUi } from "./built_ui.ts";
import { launchChromium, pagesOf } from "./chromium.ts";
import type { LapwingProcess } from "./lapwing_process.ts";
import { Stage } from "./stage.ts";

type Given = {
  readonly chromiumPath: string | undefined;
  /** A group of rules. */
  readonly group: object;
  /** Of the Alertmanager; without it there are no receivers. */
  readonly configuration?: object;
  /** Resolves when the tests may begin. */
  readonly ready?: () => Promise<unknown>;
};

/** `lapwing up` with rules and receivers, and a browser, for the tests of pages of alerts in one describe(): call it there. */
export function alertPages({ chromiumPath, group, configuration, ready }: Given) {
  const stage = new Stage();
  let browser: Browser | undefined;
  let up: LapwingProcess | undefined;
  const url = () => opened(up).url;
  const start = async (): Promise<void> => {
    const file = stage.path("alertmanager.yaml");
    up = await stage.start({
      role: "up",
      name: "up",
      config: {
        data_dir: stage.path("data"),
        sources: [],
        rules: { files: [stage.path("rules.yaml")] },
        ...(configuration === undefined ? {} : { alertmanager: { config_file: file } }),
      },
    });
  };
  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "");
    writeFileSync(stage.path("rules.yaml"), stringify({ groups: [group] }));
    writeFileSync(stage.path("alertmanager.yaml"), stringify(configuration ?? {}));
    await start();
    await ready?.();
  });
  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });
  return {
    /** Runs in a page of a fresh profile. */
    on: pagesOf(() => opened(browser), url),
    /** Of a path of the API. */
    api: (path: string) => new URL(path, url()),
    /** Ends the process at once, and starts it again. */
    restart: async () => {
      await opened(up).end("SIGKILL");
      await start();
    },
  };
}

function opened<Kind>(one: Kind | undefined): Kind {
  if (one === undefined) throw new Error("not opened yet");
  return one;
}
